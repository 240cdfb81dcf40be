#include <algorithm>
#include <deque>
#include <unordered_set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kSpan = std::chrono::seconds(3);
constexpr std::size_t kLeast = 100, kMostKept = 20'000;

// Openings of the last three seconds that nobody has answered, by service.
class HalfOpenDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kHalfOpen; }
  [[nodiscard]] bool needs_every_packet() const override { return true; }

  void learn(const Scene& scene) override {
    if (!count(scene)) return;
    std::size_t& most = most_.at(scene.service);
    most = std::max(most, open_.at(scene.service).waiting.size());
  }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    if (!count(scene)) return;
    const std::size_t waiting = open_.at(scene.service).waiting.size();
    if (waiting < kLeast * kUntaughtSlack) {
      if (scene.suspected) return;
      std::size_t& most = most_.at(scene.service);
      most = std::max(most, waiting);
    } else if (scene.seen.kind == ObservationKind::kOpen) {
      out.push_back(told(scene, waiting));
    }
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (!count(scene) || scene.seen.kind != ObservationKind::kOpen) return;
    const std::size_t waiting = open_.at(scene.service).waiting.size();
    const std::size_t* most = most_.find(scene.service);
    const std::size_t limit = std::max(kLeast, 5 * (most == nullptr ? 0 : *most));
    if (waiting < limit) return;
    out.push_back(told(scene, waiting));
  }

  void save(const Put& put) const override {
    most_.each([&](const Service& service, std::size_t most) { put(service, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override { most_.at(service) = value; }

 private:
  Evidence told(const Scene& scene, std::size_t waiting) {
    const std::size_t* most = most_.find(scene.service);
    return scene.evidence(family(), 0.9,
                          std::to_string(waiting) + " openings of " + scene.service_text() +
                              " in 3 s were not answered; the most before was " +
                              std::to_string(most == nullptr ? 0 : *most));
  }

  struct Open {
    std::deque<std::pair<Timestamp, std::uint64_t>> order;
    std::unordered_set<std::uint64_t> waiting;
  };

  bool count(const Scene& scene) {
    const Observation& seen = scene.seen;
    if (scene.service.protocol != 6 || seen.midstream) return false;
    if (seen.kind != ObservationKind::kOpen && seen.kind != ObservationKind::kAnswered) return false;
    Open& open = open_.at(scene.service);
    while (!open.order.empty() && (seen.time - open.order.front().first > kSpan || open.order.size() > kMostKept)) {
      open.waiting.erase(open.order.front().second);
      open.order.pop_front();
    }
    if (seen.kind == ObservationKind::kAnswered) {
      open.waiting.erase(seen.flow);
    } else {
      open.order.emplace_back(seen.time, seen.flow);
      open.waiting.insert(seen.flow);
    }
    return true;
  }
  BoundedMap<Service, Open> open_{1024};
  BoundedMap<Service, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_half_open_detector() {
  return std::make_unique<HalfOpenDetector>();
}

}  // namespace bulkhead::behaviour
