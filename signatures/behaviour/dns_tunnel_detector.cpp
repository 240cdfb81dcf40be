#include <algorithm>
#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kWindow = std::chrono::seconds(10);
constexpr std::size_t kNames = 20, kRemembered = 256;
constexpr std::size_t kLongLabels = 16;  // mean bytes in front of the domain

// Data in names: many different long ones below one domain. The domain is the last two labels; where that is a public
// suffix ("co.uk") several domains count as one, which only makes the sum larger for a client that asks for hundreds.
class DnsTunnelDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kDnsTunnel; }

  void learn(const Scene& scene) override {
    std::string domain;
    const Asked* asked = note(scene, domain);
    if (asked == nullptr) return;
    std::size_t& most = most_.at(text_hash(domain));
    most = std::max(most, asked->names.size());
  }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    std::string domain;
    const Asked* asked = note(scene, domain);
    if (asked == nullptr) return;
    if (asked->names.size() >= kNames * kUntaughtSlack && asked->bytes >= kLongLabels * asked->names.size()) {
      out.push_back(told(scene, *asked, domain));
      return;
    }
    if (scene.suspected) return;
    std::size_t& most = most_.at(text_hash(domain));
    most = std::max(most, asked->names.size());
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    std::string domain;
    const Asked* asked = note(scene, domain);
    if (asked == nullptr || asked->bytes < kLongLabels * asked->names.size()) return;
    const std::size_t* most = most_.find(text_hash(domain));
    const std::size_t limit = std::max(kNames, 3 * (most == nullptr ? 0 : *most));
    if (asked->names.size() < limit) return;
    out.push_back(told(scene, *asked, domain));
  }

  void save(const Put& put) const override {
    most_.each([&](std::uint64_t domain, std::size_t most) { put({}, domain, most); });
  }
  void restore(const Service&, std::uint64_t detail, std::uint64_t value) override { most_.at(detail) = value; }

 private:
  struct Asked {
    Timestamp begin;
    std::set<std::uint64_t> names;
    std::uint64_t bytes = 0;
  };

  static Evidence told(const Scene& scene, const Asked& asked, const std::string& domain) {
    return scene.evidence(Family::kDnsTunnel, 0.85,
                          scene.name(scene.client) + " asked for " + std::to_string(asked.names.size()) +
                              " different names below " + domain + " in 10 s, " +
                              std::to_string(asked.bytes / asked.names.size()) + " bytes each");
  }

  const Asked* note(const Scene& scene, std::string& domain) {
    if (scene.seen.kind != ObservationKind::kFact || scene.seen.fact != FactKind::kName) return nullptr;
    const std::string_view name = scene.seen.text();
    const std::size_t last = name.rfind('.');
    if (last == std::string_view::npos || last == 0) return nullptr;
    const std::size_t before = name.rfind('.', last - 1);
    if (before == std::string_view::npos) return nullptr;
    domain = name.substr(before + 1);
    Asked& asked = asked_.at({scene.client, text_hash(domain)});
    if (scene.seen.time - asked.begin > kWindow) asked = {scene.seen.time, {}, 0};
    if (asked.names.size() < kRemembered && asked.names.insert(scene.seen.whole_hash()).second) {
      asked.bytes += scene.seen.whole_size - domain.size() - 1;
    }
    return &asked;
  }

  BoundedMap<std::pair<PartyId, std::uint64_t>, Asked> asked_{kMaxTracked};
  BoundedMap<std::uint64_t, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_dns_tunnel_detector() {
  return std::make_unique<DnsTunnelDetector>();
}

}  // namespace bulkhead::behaviour
