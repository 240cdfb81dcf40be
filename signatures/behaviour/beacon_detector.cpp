#include <algorithm>
#include <array>
#include <cstdio>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kKept = 16, kLeast = 8;               // gaps
constexpr Nanoseconds kShortest = std::chrono::seconds(1);  // faster is a loop of a program at work
constexpr double kEven = 0.15;                              // median deviation to median

// Connections that come like clockwork to where nobody is known to go: somebody reports for work. Health checks and
// scrapers do so as well, to services that they are known to use.
class BeaconDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kBeacon; }
  void learn(const Scene&) override {}

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kOpen || seen.midstream || scene.client == kOutside) return;
    if (scene.service.port == 53 || scene.graph.knows_edge(scene.client, scene.service)) return;
    // A health check of a new replica comes as evenly as those of the others.
    if (scene.parties.is_inside(seen.client.destination) && scene.graph.uses_port(scene.client, scene.service)) return;
    Calls& calls = calls_.at({scene.client, scene.service});
    const Timestamp before = calls.last;
    calls.last = seen.time;
    if (before.ns == 0) return;
    const Nanoseconds gap = seen.time - before;
    if (gap < kShortest) {
      calls = {seen.time, {}, 0};
      return;
    }
    calls.gaps[calls.count++ % kKept] = gap.count();
    if (calls.count < kLeast) return;
    const std::size_t kept = std::min<std::size_t>(calls.count, kKept);
    std::array<std::int64_t, kKept> sorted = calls.gaps;
    const auto middle = [&] {
      std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(kept / 2),
                       sorted.begin() + static_cast<std::ptrdiff_t>(kept));
      return sorted[kept / 2];
    };
    const std::int64_t median = middle();
    for (std::size_t i = 0; i < kept; ++i) sorted[i] = std::abs(calls.gaps[i] - median);
    const std::int64_t deviation = middle();
    if (static_cast<double>(deviation) > kEven * static_cast<double>(median)) return;
    char text[96];
    std::snprintf(text, sizeof text, " every %.1f s, %u times, give or take %.2f s", static_cast<double>(median) / 1e9,
                  calls.count + 1, static_cast<double>(deviation) / 1e9);
    out.push_back(scene.evidence(family(), 0.5, scene.name(scene.client) + " opened " + scene.service_text() + text));
  }

 private:
  struct Calls {
    Timestamp last;
    std::array<std::int64_t, kKept> gaps{};
    unsigned count = 0;
  };
  BoundedMap<std::pair<PartyId, Service>, Calls> calls_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_beacon_detector() {
  return std::make_unique<BeaconDetector>();
}

}  // namespace bulkhead::behaviour
