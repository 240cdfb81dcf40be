#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

// A rule that fired is evidence like any other: severity 1 is enough for an incident, 2 with something beside it.
constexpr double kGrave = 0.7, kFair = 0.4, kSlight = 0.15;

class AlertDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kSignature; }
  void learn(const Scene&) override {}
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override { watch(scene, out); }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kFact || seen.fact != FactKind::kAlert) return;
    const double weight = seen.operation <= 1 ? kGrave : seen.operation == 2 ? kFair : kSlight;
    Evidence found =
        scene.evidence(family(), weight,
                       "rule " + std::to_string(seen.number) + " fired on a flow from " + scene.name(scene.client) +
                           " to " + scene.service_text() + ": " + std::string(seen.text()));
    found.detail = seen.number;
    out.push_back(std::move(found));
  }
};

}  // namespace

std::unique_ptr<Detector> make_alert_detector() {
  return std::make_unique<AlertDetector>();
}

}  // namespace bulkhead::behaviour
