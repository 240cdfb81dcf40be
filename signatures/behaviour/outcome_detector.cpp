#include <algorithm>
#include <array>
#include <cmath>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::int64_t kWindowNs = 10'000'000'000;
constexpr unsigned kLeast = 5;

struct Kind {
  FactKind fact;
  const char* words;
};
constexpr std::array<Kind, 4> kKinds = {{{FactKind::kAuthFailed, "refused logins"},
                                         {FactKind::kClientError, "requests refused (4xx)"},
                                         {FactKind::kServerError, "failed requests (5xx)"},
                                         {FactKind::kNoSuchName, "names that do not exist"}}};

// Failures by service, whoever the client is while learning, by client while watching: one attacker among many clients.
class OutcomeDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kOutcome; }

  void learn(const Scene& scene) override {
    const int kind = kind_of(scene);
    if (kind < 0) return;
    const unsigned count = windows_.at({scene.client, scene.service, kind}).add(scene.seen.time);
    unsigned& most = most_.at({scene.service, kind});
    most = std::max(most, count);
  }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    const int kind = kind_of(scene);
    if (kind < 0) return;
    const unsigned count = windows_.at({scene.client, scene.service, kind}).add(scene.seen.time);
    if (count >= kLeast * kUntaughtSlack) {
      out.push_back(told(scene, kind, count, kLeast * kUntaughtSlack));
      return;
    }
    if (scene.suspected) return;
    unsigned& most = most_.at({scene.service, kind});
    most = std::max(most, count);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const int kind = kind_of(scene);
    if (kind < 0) return;
    const unsigned count = windows_.at({scene.client, scene.service, kind}).add(scene.seen.time);
    const unsigned* most = most_.find({scene.service, kind});
    const unsigned limit = std::max(kLeast, 3 * (most == nullptr ? 0 : *most));
    if (count < limit) return;
    out.push_back(told(scene, kind, count, limit));
  }

  void save(const Put& put) const override {
    most_.each([&](const std::pair<Service, int>& key, unsigned most) {
      put(key.first, static_cast<std::uint64_t>(key.second), most);
    });
  }
  void restore(const Service& service, std::uint64_t detail, std::uint64_t value) override {
    if (detail < kKinds.size()) most_.at({service, static_cast<int>(detail)}) = static_cast<unsigned>(value);
  }

 private:
  Evidence told(const Scene& scene, int kind, unsigned count, unsigned limit) {
    const unsigned* most = most_.find({scene.service, kind});
    const double weight = std::min(0.9, 0.65 + 0.1 * std::log2(static_cast<double>(count) / limit));
    return scene.evidence(family(), weight,
                          scene.name(scene.client) + " had " + std::to_string(count) + " " +
                              kKinds[static_cast<std::size_t>(kind)].words + " at " + scene.service_text() +
                              " in 10 s; the most before was " + std::to_string(most == nullptr ? 0 : *most));
  }

  struct Window {
    std::int64_t number = -1;
    unsigned count = 0;
    unsigned add(Timestamp now) {
      const std::int64_t window = now.ns / kWindowNs;
      count = window == number ? count + 1 : 1;
      number = window;
      return count;
    }
  };
  static int kind_of(const Scene& scene) {
    if (scene.seen.kind != ObservationKind::kFact) return -1;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (kKinds[i].fact == scene.seen.fact) return static_cast<int>(i);
    }
    return -1;
  }
  BoundedMap<std::tuple<PartyId, Service, int>, Window> windows_{kMaxTracked};
  BoundedMap<std::pair<Service, int>, unsigned> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_outcome_detector() {
  return std::make_unique<OutcomeDetector>();
}

}  // namespace bulkhead::behaviour
