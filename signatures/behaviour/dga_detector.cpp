#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"
#include "signatures/behaviour/letters.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kWindow = std::chrono::seconds(120);
constexpr std::size_t kLeast = 8, kRemembered = 64;

// A program that looks for its master under names that it makes up: domains that do not exist and that nobody would
// think of. Search paths of a cluster stay below one domain, mistakes in typing look like words.
class DgaDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kDga; }

  void learn(const Scene& scene) override {
    const std::size_t domains = count(scene);
    if (domains == 0) return;
    std::size_t& most = most_.at(scene.client);
    most = std::max(most, domains);
  }
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    const std::size_t domains = count(scene);
    if (domains >= 2 * kLeast) return out.push_back(told(scene, domains));
    if (domains == 0 || scene.suspected) return;
    std::size_t& most = most_.at(scene.client);
    most = std::max(most, domains);
  }
  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const std::size_t domains = count(scene);
    const std::size_t* most = most_.find(scene.client);
    if (domains < std::max(kLeast, 3 * (most == nullptr ? 0 : *most))) return;
    out.push_back(told(scene, domains));
  }

  void save(const Put& put) const override {
    most_.each([&](PartyId client, std::size_t most) { put({client, 0, 0}, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override {
    most_.at(service.server) = std::min<std::size_t>(value, kRemembered);
  }

 private:
  struct Asked {
    Timestamp begin;
    std::set<std::uint64_t> domains;
  };
  // 0: nothing of the kind.
  std::size_t count(const Scene& scene) {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kFact || seen.fact != FactKind::kNoSuchName) return 0;
    const std::string_view name = seen.text();
    const std::size_t last = name.rfind('.');
    if (last == std::string_view::npos || last == 0) return 0;
    const std::size_t before = name.rfind('.', last - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    if (!looks_generated(name.substr(begin, last - begin))) return 0;
    Asked& asked = asked_.at(scene.client);
    if (seen.time - asked.begin > kWindow) asked = {seen.time, {}};
    if (asked.domains.size() < kRemembered) asked.domains.insert(text_hash(name.substr(begin)));
    return asked.domains.size();
  }
  static Evidence told(const Scene& scene, std::size_t domains) {
    return scene.evidence(
        Family::kDga, 0.8,
        scene.name(scene.client) + " asked for " + std::to_string(domains) +
            " domains within two minutes that do not exist and look made by a machine, the last was " +
            std::string(scene.seen.text()));
  }
  BoundedMap<PartyId, Asked> asked_{4096};
  BoundedMap<PartyId, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_dga_detector() {
  return std::make_unique<DgaDetector>();
}

}  // namespace bulkhead::behaviour
