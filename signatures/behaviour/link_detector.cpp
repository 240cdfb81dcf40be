#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kAlive = std::chrono::seconds(120);

// Who claims which address. An address that moves for good (a restart, a standby that takes over) is claimed by the new
// MAC alone; under an attack the owner goes on speaking, or spoke a moment ago.
class LinkDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kLink; }
  void learn(const Scene& scene) override { note(scene, nullptr); }
  void watch(const Scene& scene, std::vector<Evidence>& out) override { note(scene, &out); }
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override { note(scene, &out); }

 private:
  struct Claim {
    MacAddress owner, other;
    Timestamp owner_last, other_first;
  };

  void note(const Scene& scene, std::vector<Evidence>* out) {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kLink || seen.sender.is_first()) return;  // 0.0.0.0: a probe
    Claim& claim = claims_.at(seen.sender);
    const bool alive = claim.owner_last.ns != 0 && seen.time - claim.owner_last < kAlive;
    if (claim.owner == seen.sender_mac || !alive) {
      claim.owner = seen.sender_mac;
      claim.owner_last = seen.time;
      return;
    }
    if (claim.other != seen.sender_mac) {
      claim.other = seen.sender_mac;
      claim.other_first = seen.time;
    }
    if (out == nullptr) return;
    const bool both = claim.owner_last > claim.other_first;
    const std::string address = scene.parties.name(scene.parties.server(seen.sender));
    Evidence found =
        scene.evidence(family(), both ? 0.9 : 0.4,
                       "the address of " + address + " is claimed by " + seen.sender_mac.to_string() +
                           (both ? " and by " : "; it was, until now, that of ") + claim.owner.to_string());
    found.actor = scene.parties.by_name("mac " + seen.sender_mac.to_string());
    found.victim = scene.parties.server(seen.sender);
    out->push_back(std::move(found));
  }
  BoundedMap<IpAddress, Claim> claims_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_link_detector() {
  return std::make_unique<LinkDetector>();
}

std::vector<std::unique_ptr<Detector>> make_detectors() {
  std::vector<std::unique_ptr<Detector>> out;
  out.push_back(make_edge_detector());
  out.push_back(make_verb_detector());
  out.push_back(make_scan_detector());
  out.push_back(make_outcome_detector());
  out.push_back(make_half_open_detector());
  out.push_back(make_slow_request_detector());
  out.push_back(make_dns_tunnel_detector());
  out.push_back(make_link_detector());
  out.push_back(make_alert_detector());
  out.push_back(make_intel_detector());
  out.push_back(make_volume_detector());
  out.push_back(make_burst_detector());
  out.push_back(make_sweep_detector());
  out.push_back(make_dga_detector());
  out.push_back(make_beacon_detector());
  out.push_back(make_shell_detector());
  out.push_back(make_miner_detector());
  out.push_back(make_icmp_tunnel_detector());
  out.push_back(make_link_sweep_detector());
  out.push_back(make_chain_detector());
  return out;
}

}  // namespace bulkhead::behaviour
