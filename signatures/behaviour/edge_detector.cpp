#include <algorithm>
#include <cmath>

#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr double kGrace = 0.15;       // of a party without history
constexpr double kReplica = 0.3;      // of the weight, where a server without history is used as others are already
constexpr double kUnanswered = 0.75;  // of the weight, while nobody has answered

class EdgeDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kEdge; }

  void learn(const Scene& scene) override {
    if (scene.seen.kind == ObservationKind::kAnswered && !scene.seen.midstream) {
      scene.graph.learn_edge(scene.client, scene.service, scene.seen.time);
    }
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kOpen && seen.kind != ObservationKind::kAnswered) return;
    // Who opened a connection that was picked up in its middle is a guess.
    if (seen.midstream || scene.graph.knows_edge(scene.client, scene.service)) return;
    const bool answered = seen.kind == ObservationKind::kAnswered;
    const double surprise = scene.graph.edge_surprise(scene.client, scene.service);
    double weight = std::clamp((surprise - 1) / 2, 0.0, 1.0) * 0.9;
    if (scene.graph.history(scene.client) == 0) weight = kGrace;
    const bool replica = scene.graph.history(scene.service.server) == 0 &&
                         scene.parties.is_inside(seen.client.destination) &&
                         scene.graph.uses_port(scene.client, scene.service);
    if (replica) weight *= kReplica;
    if (!answered) weight *= kUnanswered;
    if (weight <= 0) return;
    const std::uint64_t history = scene.graph.history(scene.client);
    std::string text = scene.name(scene.client) + " opened " + scene.service_text();
    text += history == 0 ? "; nothing is known of it yet"
                         : " for the first time; " + std::to_string(history) + " flows of it are known, none such";
    if (replica) text += "; it uses this port elsewhere, and nothing is known of the server yet: perhaps a replica";
    if (!answered) text += " (no answer yet)";
    out.push_back(scene.evidence(family(), weight, std::move(text)));
  }
};

}  // namespace

std::unique_ptr<Detector> make_edge_detector() {
  return std::make_unique<EdgeDetector>();
}

}  // namespace bulkhead::behaviour
