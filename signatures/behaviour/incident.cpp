#include "signatures/behaviour/incident.h"

#include <algorithm>
#include <utility>

namespace bulkhead::behaviour {

const char* to_string(Family family) {
  switch (family) {
    case Family::kEdge: return "edge";
    case Family::kVerb: return "verb";
    case Family::kScan: return "scan";
    case Family::kOutcome: return "outcome";
    case Family::kHalfOpen: return "half-open";
    case Family::kSlowRequest: return "slow-request";
    case Family::kDnsTunnel: return "dns-tunnel";
    case Family::kLink: return "link";
  }
  return "edge";
}

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::kLow: return "low";
    case Severity::kMedium: return "medium";
    case Severity::kHigh: return "high";
  }
  return "low";
}

const Incident* IncidentBook::add(Evidence evidence) {
  const auto key = std::pair(evidence.actor, evidence.victim);
  auto found = open_.find(key);
  if (found != open_.end() && evidence.time - found->second.last > settings_.window) {
    open_.erase(found);
    found = open_.end();
  }
  if (found == open_.end()) {
    if (open_.size() >= kMaxIncidents) {
      open_.erase(std::min_element(open_.begin(), open_.end(),
                                   [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
    }
    Incident fresh;
    fresh.actor = evidence.actor;
    fresh.victim = evidence.victim;
    fresh.first = evidence.time;
    found = open_.emplace(key, std::move(fresh)).first;
  }
  Incident& incident = found->second;
  incident.last = std::max(incident.last, evidence.time);
  ++incident.count;
  const auto same = std::find_if(incident.evidence.begin(), incident.evidence.end(),
                                 [&](const Evidence& e) { return e.family == evidence.family; });
  const bool new_family = same == incident.evidence.end();
  if (new_family) {
    if (incident.evidence.size() < Incident::kMaxEvidence) incident.evidence.push_back(std::move(evidence));
  } else if (evidence.weight > same->weight) {
    *same = std::move(evidence);
  }
  double rest = 1;
  for (const Evidence& e : incident.evidence) rest *= 1 - e.weight;
  incident.weight = 1 - rest;
  if (incident.weight < settings_.raise) return nullptr;
  const Severity severity = incident.weight >= 0.9 ? Severity::kHigh : Severity::kMedium;
  const bool first = incident.id == 0, graver = severity > incident.severity;
  if (first) incident.id = next_id_++;
  incident.severity = severity;
  return first || graver || new_family ? &incident : nullptr;
}

bool IncidentBook::suspects(PartyId actor, Timestamp now) const {
  for (auto i = open_.lower_bound({actor, 0}); i != open_.end() && i->first.first == actor; ++i) {
    if (i->second.id != 0 && now - i->second.last <= settings_.window) return true;
  }
  return false;
}

}  // namespace bulkhead::behaviour
