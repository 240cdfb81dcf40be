#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

// Stratum on any port: containers that mine without being known to. It needs no baseline.
class MinerDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kMiner; }
  void learn(const Scene&) override {}
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override { watch(scene, out); }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.protocol != app::AppProtocol::stratum || scene.client == kOutside) return;
    if (seen.kind != ObservationKind::kMilestone && seen.kind != ObservationKind::kFact) return;
    if (scene.graph.knows_edge(scene.client, scene.service)) return;
    out.push_back(scene.evidence(
        family(), 0.85, scene.name(scene.client) + " speaks Stratum with " + scene.service_text() + ": it mines"));
  }
};

}  // namespace

std::unique_ptr<Detector> make_miner_detector() {
  return std::make_unique<MinerDetector>();
}

}  // namespace bulkhead::behaviour
