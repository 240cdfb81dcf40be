#include <algorithm>
#include <cmath>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/count_min.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr unsigned kLeast = 40;            // openings in a second
constexpr unsigned kLeastUntaught = 1000;  // while nothing is known yet: a service that starts under load is no flood
constexpr double kFar = 200;               // of the score

// Openings of an edge within a second, against what it usually does: floods, and tools that try very much.
class BurstDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kBurst; }

  void learn(const Scene& scene) override {
    if (!is_opening(scene)) return;
    const auto reading = count(scene);
    unsigned& most = most_.at(scene.service);
    most = std::max(most, static_cast<unsigned>(reading.now));
  }

  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_opening(scene)) return;
    const auto reading = count(scene);
    if (reading.now >= kLeastUntaught && reading.score >= kFar) return out.push_back(told(scene, reading));
    if (scene.suspected) return;
    unsigned& most = most_.at(scene.service);
    most = std::max(most, static_cast<unsigned>(reading.now));
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_opening(scene)) return;
    const auto reading = count(scene);
    const unsigned* most = most_.find(scene.service);
    if (reading.now < std::max(kLeast, 3 * (most == nullptr ? 0 : *most)) || reading.score < kFar) return;
    out.push_back(told(scene, reading));
  }

  void save(const Put& put) const override {
    most_.each([&](const Service& service, unsigned most) { put(service, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override {
    most_.at(service) = static_cast<unsigned>(value);
  }

 private:
  static bool is_opening(const Scene& scene) {
    return scene.seen.kind == ObservationKind::kOpen && !scene.seen.midstream && scene.client != kOutside;
  }
  BurstSketch::Reading count(const Scene& scene) {
    const Service& s = scene.service;
    const std::uint64_t edge = (static_cast<std::uint64_t>(scene.client) << 40) ^
                               (static_cast<std::uint64_t>(s.server) << 20) ^
                               (static_cast<std::uint64_t>(s.port) << 4) ^ s.protocol;
    return sketch_.add(edge, scene.seen.time.ns / 1'000'000'000);
  }
  static Evidence told(const Scene& scene, const BurstSketch::Reading& reading) {
    char mean[32];
    std::snprintf(mean, sizeof mean, "%.1f", reading.mean);
    return scene.evidence(Family::kBurst, std::clamp(0.45 + 0.1 * std::log10(reading.score / kFar), 0.45, 0.75),
                          scene.name(scene.client) + " opened " + scene.service_text() + " " +
                              std::to_string(static_cast<int>(reading.now)) + " times within a second; usual are " +
                              mean);
  }
  BurstSketch sketch_;
  BoundedMap<Service, unsigned> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_burst_detector() {
  return std::make_unique<BurstDetector>();
}

}  // namespace bulkhead::behaviour
