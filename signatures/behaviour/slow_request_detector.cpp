#include <deque>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kSpan = std::chrono::seconds(30);
constexpr std::size_t kLeast = 15;
constexpr std::uint64_t kSmall = 4096;  // bytes: who sends much is not slow on purpose

// Connections that asked a little and had no answer after three seconds (Slowloris and its kin).
class SlowRequestDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kSlowRequest; }

  void learn(const Scene& scene) override {
    if (!is_slow(scene)) return;
    std::size_t& most = most_.at(scene.service);
    most = std::max(most, count(scene));
  }

  [[nodiscard]] bool needs_every_packet() const override { return true; }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_slow(scene)) return;
    const std::size_t slow = count(scene);
    if (slow >= kLeast * kUntaughtSlack) {
      out.push_back(told(scene, slow));
      return;
    }
    if (scene.suspected) return;
    std::size_t& most = most_.at(scene.service);
    most = std::max(most, slow);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_slow(scene)) return;
    const std::size_t slow = count(scene);
    const std::size_t* most = most_.find(scene.service);
    const std::size_t limit = std::max(kLeast, 3 * (most == nullptr ? 0 : *most));
    if (slow < limit) return;
    out.push_back(told(scene, slow));
  }

  void save(const Put& put) const override {
    most_.each([&](const Service& service, std::size_t most) { put(service, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override { most_.at(service) = value; }

 private:
  static Evidence told(const Scene& scene, std::size_t slow) {
    return scene.evidence(Family::kSlowRequest, 0.85,
                          scene.name(scene.client) + " has " + std::to_string(slow) + " connections to " +
                              scene.service_text() + " with half a request, opened within 30 s");
  }
  static bool is_slow(const Scene& scene) {
    const Observation& seen = scene.seen;
    return seen.kind == ObservationKind::kMilestone && seen.cause == MilestoneCause::kAge && seen.answered &&
           seen.asked && !seen.replied && scene.service.protocol == 6 && seen.bytes[0] < kSmall && !seen.midstream;
  }
  std::size_t count(const Scene& scene) {
    std::deque<Timestamp>& times = times_.at({scene.client, scene.service});
    while (!times.empty() && scene.seen.time - times.front() > kSpan) times.pop_front();
    times.push_back(scene.seen.time);
    if (times.size() > 4096) times.pop_front();
    return times.size();
  }
  BoundedMap<std::pair<PartyId, Service>, std::deque<Timestamp>> times_{1024};
  BoundedMap<Service, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_slow_request_detector() {
  return std::make_unique<SlowRequestDetector>();
}

}  // namespace bulkhead::behaviour
