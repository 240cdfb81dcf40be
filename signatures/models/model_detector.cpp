#include "signatures/models/model_detector.h"

#include <algorithm>
#include <cmath>

namespace bulkhead::models {

void ModelDetector::watch(const behaviour::Scene& scene, std::vector<behaviour::Evidence>& out) {
  const auto sample = collector_.take(scene.seen);
  if (!sample || scene.seen.midstream) return;
  ++counts_.scored;
  const Opinion opinion = model_.say(*sample);
  if (!opinion.says_attack) return;
  const double score = std::max(opinion.trees, opinion.bytes);
  behaviour::Evidence found = scene.evidence(
      family(), std::clamp(0.75 * score, 0.0, kMostWeight),
      "the model " + model_.name + " takes a flow from " + scene.name(scene.client) + " to " + scene.service_text() +
          " for an attack (" + std::to_string(std::lround(score * 100)) + " %): " + opinion.why);
  if (trusted_) {
    ++counts_.said;
    out.push_back(std::move(found));
    return;
  }
  ++counts_.in_shadow;
  if (in_shadow) in_shadow(found);
}

}  // namespace bulkhead::models
