#include <algorithm>
#include <map>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kWindow = std::chrono::hours(1);
constexpr std::size_t kLeast = 12, kRemembered = 64;

// Slow scans: services that a client never used and that did not answer, added up over an hour. A dead peer that is
// tried again and again is one.
class SweepDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kSweep; }
  [[nodiscard]] bool needs_every_packet() const override { return true; }

  void learn(const Scene& scene) override {
    if (!is_failure(scene)) return;
    std::size_t& most = most_.at(scene.client);
    most = std::max(most, count(scene));
  }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_failure(scene)) return;
    const std::size_t targets = count(scene);
    if (targets >= 2 * kLeast) return out.push_back(told(scene, targets));
    if (scene.suspected) return;
    std::size_t& most = most_.at(scene.client);
    most = std::max(most, targets);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_failure(scene) || scene.graph.knows_edge(scene.client, scene.service)) return;
    const std::size_t targets = count(scene);
    const std::size_t* most = most_.find(scene.client);
    if (targets < std::max(kLeast, 3 * (most == nullptr ? 0 : *most))) return;
    out.push_back(told(scene, targets));
  }

  void save(const Put& put) const override {
    most_.each([&](PartyId client, std::size_t most) { put({client, 0, 0}, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override {
    most_.at(service.server) = std::min<std::size_t>(value, kRemembered);
  }

 private:
  static bool is_failure(const Scene& scene) {
    const Observation& seen = scene.seen;
    return seen.kind == ObservationKind::kMilestone && !seen.answered && !seen.midstream &&
           (seen.cause == MilestoneCause::kEnd || seen.cause == MilestoneCause::kAge) && scene.service.protocol == 6 &&
           scene.client != kOutside;
  }
  std::size_t count(const Scene& scene) {
    std::map<Service, Timestamp>& tried = tried_.at(scene.client);
    std::erase_if(tried, [&](const auto& entry) { return scene.seen.time - entry.second > kWindow; });
    if (tried.size() < kRemembered || tried.contains(scene.service)) tried[scene.service] = scene.seen.time;
    return tried.size();
  }
  Evidence told(const Scene& scene, std::size_t targets) const {
    const std::size_t* most = most_.find(scene.client);
    Evidence out = scene.evidence(Family::kSweep, 0.75,
                                  scene.name(scene.client) + " tried " + std::to_string(targets) +
                                      " services within an hour that it never used and that did not answer; the most "
                                      "before was " +
                                      std::to_string(most == nullptr ? 0 : *most));
    out.victim = kNobody;
    return out;
  }
  BoundedMap<PartyId, std::map<Service, Timestamp>> tried_{2048};
  mutable BoundedMap<PartyId, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_sweep_detector() {
  return std::make_unique<SweepDetector>();
}

}  // namespace bulkhead::behaviour
