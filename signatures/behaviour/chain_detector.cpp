#include <algorithm>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

// Families that tell of a blow; a connection, and an address with another MAC, are none.
bool is_blow(Family family) {
  return family == Family::kVerb || family == Family::kOutcome || family == Family::kSignature ||
         family == Family::kIntel || family == Family::kShell;
}

constexpr double kLeastWeight = 0.4;  // of what was said about an attack on it
constexpr Nanoseconds kWindow = std::chrono::hours(1);

// Lateral movement: who was attacked does something new itself, shortly after, and not towards its attacker alone.
class ChainDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kChain; }
  void learn(const Scene&) override {}

  void heard(const Evidence& evidence) override {
    if (!is_blow(evidence.family) || evidence.weight < kLeastWeight) return;
    if (evidence.victim <= kOthers || evidence.victim == evidence.actor) return;  // nobody, or not one workload
    Struck& struck = struck_.at(evidence.victim);
    struck = {evidence.actor, evidence.time};
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kAnswered || seen.midstream || scene.client <= kOthers) return;
    if (scene.graph.history(scene.client) == 0 || scene.graph.knows_edge(scene.client, scene.service)) return;
    const Struck* struck = struck_.find(scene.client);
    if (struck == nullptr || struck->by == scene.service.server || seen.time - struck->at > kWindow ||
        struck->at > seen.time) {
      return;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(seen.time - struck->at).count();
    out.push_back(scene.evidence(family(), 0.45,
                                 scene.name(scene.client) + " opened " + scene.service_text() + ", as never before, " +
                                     std::to_string(seconds) + " s after " + scene.name(struck->by) +
                                     " had attacked it"));
  }

 private:
  struct Struck {
    PartyId by = kNobody;
    Timestamp at;
  };
  BoundedMap<PartyId, Struck> struck_{4096};
};

}  // namespace

std::unique_ptr<Detector> make_chain_detector() {
  return std::make_unique<ChainDetector>();
}

}  // namespace bulkhead::behaviour
