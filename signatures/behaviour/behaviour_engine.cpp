#include "signatures/behaviour/behaviour_engine.h"

#include <algorithm>
#include <utility>

namespace bulkhead::behaviour {

BehaviourEngine::BehaviourEngine(const BehaviourSettings& settings, OwnerOf owner_of)
    : settings_(settings),
      parties_(settings.inside, std::move(owner_of)),
      graph_(settings.graph),
      book_(settings.incidents),
      detectors_(make_detectors()) {
  std::erase_if(detectors_, [&](const auto& detector) {
    return std::find(settings_.without.begin(), settings_.without.end(), detector->family()) != settings_.without.end();
  });
}

Service BehaviourEngine::service_of(const Observation& seen) {
  Service out;
  out.protocol = seen.client.protocol;
  out.port = seen.client.destination_port;
  out.server = parties_.server(seen.client.destination);
  return out;
}

void BehaviourEngine::take(const Observation& seen) {
  if (seen.kind == ObservationKind::kFact && seen.fact == FactKind::kAddressName) {
    parties_.call(seen.address, seen.text());
    return;
  }
  const bool link = seen.kind == ObservationKind::kLink;
  // Groups are nobody's service: neighbour discovery, routers, names of the local link.
  if (!link && (seen.client.destination.is_multicast() || seen.client.destination.is_last())) return;
  Scene scene{seen, kNobody, {}, parties_, graph_};
  if (!link) {
    scene.client = parties_.client(seen.client.source);
    scene.service = service_of(seen);
  }
  if (mode_ == BehaviourMode::kLearn) {
    for (const auto& detector : detectors_) detector->learn(scene);
    return;
  }
  const bool lossy = last_loss_ && seen.time - *last_loss_ < settings_.loss_quiet;
  evidence_.clear();
  for (const auto& detector : detectors_) {
    if (lossy && detector->needs_every_packet()) continue;
    detector->watch(scene, evidence_);
  }
  for (Evidence& evidence : evidence_) {
    if (on_evidence) on_evidence(evidence);
    const Incident* incident = book_.add(std::move(evidence));
    if (incident != nullptr && on_incident) on_incident(*incident);
  }
  if (!link && seen.kind == ObservationKind::kAnswered && !seen.midstream &&
      !graph_.knows_edge(scene.client, scene.service)) {
    graph_.seen_again(scene.client, scene.service, seen.time, book_.suspects(scene.client, seen.time));
  }
}

}  // namespace bulkhead::behaviour
