#include <algorithm>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::uint64_t kLeastMean = 160;    // bytes a packet; ping sends 56
constexpr std::uint64_t kLeastBytes = 4096;  // in all
constexpr std::uint32_t kLeastPackets = 16;

// Echoes that carry data: large ones, many of them, and more than this workload's pings ever had.
class IcmpTunnelDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kIcmpTunnel; }

  void learn(const Scene& scene) override {
    if (is_echo(scene)) note(scene);
  }
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_echo(scene)) return;
    if (is_tunnel(scene, 2 * kLeastMean)) return out.push_back(told(scene));
    if (!scene.suspected) note(scene);
  }
  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (!is_echo(scene)) return;
    const std::uint64_t* most = most_.find(scene.client);
    if (is_tunnel(scene, std::max(kLeastMean, 2 * (most == nullptr ? 0 : *most)))) out.push_back(told(scene));
  }

  void save(const Put& put) const override {
    most_.each([&](PartyId client, std::uint64_t most) { put({client, 1, 0}, 0, most); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t value) override {
    most_.at(service.server) = value;
  }

 private:
  static bool is_echo(const Scene& scene) {
    return scene.seen.kind == ObservationKind::kMilestone &&
           (scene.service.protocol == 1 || scene.service.protocol == 58) && scene.client != kOutside;
  }
  static std::uint64_t mean(const Scene& scene) {
    const Observation& seen = scene.seen;
    const std::uint64_t packets = std::uint64_t{seen.packets[0]} + seen.packets[1];
    return packets == 0 ? 0 : (seen.payload[0] + seen.payload[1]) / packets;
  }
  static bool is_tunnel(const Scene& scene, std::uint64_t limit) {
    const Observation& seen = scene.seen;
    return seen.packets[0] + seen.packets[1] >= kLeastPackets && seen.payload[0] + seen.payload[1] >= kLeastBytes &&
           mean(scene) >= limit;
  }
  void note(const Scene& scene) {
    std::uint64_t& most = most_.at(scene.client);
    most = std::max(most, mean(scene));
  }
  Evidence told(const Scene& scene) const {
    const std::uint64_t* most = most_.find(scene.client);
    return scene.evidence(Family::kIcmpTunnel, 0.75,
                          scene.name(scene.client) + " carries " + std::to_string(mean(scene)) +
                              " bytes in each echo with " + scene.name(scene.service.server) + ", " +
                              std::to_string(scene.seen.payload[0] + scene.seen.payload[1]) +
                              " in all; the most before was " + std::to_string(most == nullptr ? 0 : *most) + " each");
  }
  mutable BoundedMap<PartyId, std::uint64_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_icmp_tunnel_detector() {
  return std::make_unique<IcmpTunnelDetector>();
}

}  // namespace bulkhead::behaviour
