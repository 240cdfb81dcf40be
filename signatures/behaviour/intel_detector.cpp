#include <algorithm>

#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

// Half an incident at confidence 0, an incident of its own from 40 on; never more than 0.9, for others wrote the list.
double weight_of(const intel::Indicator& indicator) {
  return std::min(0.9, 0.48 + 0.3 * indicator.confidence / 75.0);
}

// What feeds say is bad. It needs no baseline, so that it speaks while workloads learn as well.
class IntelDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kIntel; }
  void learn(const Scene&) override {}
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override { watch(scene, out); }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (scene.intel == nullptr) return;
    const Observation& seen = scene.seen;
    if (seen.kind == ObservationKind::kOpen) {
      for (const IpAddress& address : {seen.client.source, seen.client.destination}) {
        if (scene.parties.is_inside(address)) continue;
        const intel::Indicator* found = scene.intel->address(address, scene.wall);
        if (found != nullptr) tell(scene, *found, "the address " + address.to_string(), out);
      }
      return;
    }
    if (seen.kind != ObservationKind::kFact) return;
    const std::string text(seen.text());
    const intel::Indicator* found = nullptr;
    switch (seen.fact) {
      case FactKind::kName:
      case FactKind::kServerName:
        if ((found = scene.intel->name(text, scene.wall)) != nullptr) tell(scene, *found, "the name " + text, out);
        break;
      case FactKind::kJa3:
        found = scene.intel->text(intel::IndicatorKind::kJa3, text, scene.wall);
        if (found != nullptr) tell(scene, *found, "the TLS fingerprint (JA3) " + text, out);
        break;
      case FactKind::kJa4:
        found = scene.intel->text(intel::IndicatorKind::kJa4, text, scene.wall);
        if (found != nullptr) tell(scene, *found, "the TLS fingerprint (JA4) " + text, out);
        break;
      default: break;
    }
  }

 private:
  void tell(const Scene& scene, const intel::Indicator& found, const std::string& what, std::vector<Evidence>& out) {
    std::string text = scene.name(scene.client) + " and " + scene.service_text() + ": " + what + " is in the feed " +
                       scene.intel->feed(found) + ", confidence " + std::to_string(found.confidence) + " %";
    if (!found.what.empty()) text += " (" + found.what + ")";
    Evidence evidence = scene.evidence(family(), weight_of(found), std::move(text));
    evidence.detail = text_hash(what);
    out.push_back(std::move(evidence));
  }
};

}  // namespace

std::unique_ptr<Detector> make_intel_detector() {
  return std::make_unique<IntelDetector>();
}

}  // namespace bulkhead::behaviour
