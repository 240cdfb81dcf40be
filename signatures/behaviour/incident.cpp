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
    case Family::kSignature: return "signature";
    case Family::kIntel: return "intel";
    case Family::kVolume: return "volume";
    case Family::kBurst: return "burst";
    case Family::kSweep: return "sweep";
    case Family::kDga: return "dga";
    case Family::kBeacon: return "beacon";
    case Family::kShell: return "shell";
    case Family::kMiner: return "miner";
    case Family::kIcmpTunnel: return "icmp-tunnel";
    case Family::kLinkSweep: return "link-sweep";
    case Family::kChain: return "chain";
    case Family::kModel: return "model";
  }
  return "edge";
}

std::optional<Family> find_family(std::string_view name) {
  for (std::size_t i = 0; i < kFamilies; ++i) {
    if (to_string(static_cast<Family>(i)) == name) return static_cast<Family>(i);
  }
  return std::nullopt;
}

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::kLow: return "low";
    case Severity::kMedium: return "medium";
    case Severity::kHigh: return "high";
  }
  return "low";
}

namespace {

constexpr double kWorthTelling = 0.4;  // of evidence that joins an incident which was told already
constexpr std::size_t kKinds = 64;
constexpr Nanoseconds kQuiet = std::chrono::minutes(5);
constexpr Nanoseconds kTellingWindow = std::chrono::seconds(10);
constexpr unsigned kTellings = 4;

// Kept: the strongest of its family and service, those that came last. True: a kind that the incident did not have, or
// not for a while.
bool keep(Incident& incident, Evidence evidence) {
  double& strongest = incident.strongest[evidence.family];
  strongest = std::max(strongest, evidence.weight);
  const std::tuple kind(evidence.family, evidence.service, evidence.detail);
  bool fresh = false;
  const auto seen = incident.kinds.find(kind);
  if (seen != incident.kinds.end()) {
    fresh = evidence.time - seen->second >= kQuiet;
    seen->second = evidence.time;
  } else if (incident.kinds.size() < kKinds) {
    fresh = true;
    incident.kinds.emplace(kind, evidence.time);
  }
  const auto same = std::find_if(incident.evidence.begin(), incident.evidence.end(), [&](const Evidence& e) {
    return e.family == evidence.family && e.service == evidence.service;
  });
  // The newest is last: it is what is told.
  if (same != incident.evidence.end() && (fresh || evidence.weight > same->weight))
    incident.evidence.erase(same);
  else if (same != incident.evidence.end())
    return fresh;
  if (incident.evidence.size() >= Incident::kMaxEvidence) incident.evidence.erase(incident.evidence.begin());
  incident.evidence.push_back(std::move(evidence));
  return fresh;
}

bool may_tell(Incident& incident, Timestamp now) {
  if (now - incident.told_window >= kTellingWindow) {
    incident.told_window = now;
    incident.told = 0;
  }
  return ++incident.told <= kTellings;
}

}  // namespace

const Incident* IncidentBook::add(Evidence evidence) {
  const auto key = std::pair(evidence.actor, evidence.victim);
  const Timestamp now = evidence.time;
  const double weight = evidence.weight;
  auto found = open_.find(key);
  if (found != open_.end() && now - found->second.last > settings_.window) {
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
    fresh.first = now;
    found = open_.emplace(key, std::move(fresh)).first;
  }
  Incident& incident = found->second;
  incident.last = std::max(incident.last, now);
  ++incident.count;
  const bool new_kind = keep(incident, std::move(evidence));
  double rest = 1;
  for (const auto& [family, most] : incident.strongest) rest *= 1 - most;
  incident.weight = 1 - rest;
  if (incident.weight < settings_.raise) return nullptr;
  const bool model_alone = incident.strongest.size() == 1 && incident.strongest.contains(Family::kModel);
  const Severity severity = incident.weight >= 0.9 && !model_alone ? Severity::kHigh : Severity::kMedium;
  const bool first = incident.id == 0, graver = severity > incident.severity;
  if (first) incident.id = next_id_++;
  incident.severity = severity;
  if (!first && !graver && !(new_kind && weight >= kWorthTelling)) return nullptr;
  return may_tell(incident, now) ? &incident : nullptr;
}

bool IncidentBook::suspects(PartyId actor, Timestamp now) const {
  for (auto i = open_.lower_bound({actor, 0}); i != open_.end() && i->first.first == actor; ++i) {
    if (i->second.id != 0 && now - i->second.last <= settings_.window) return true;
  }
  return false;
}

}  // namespace bulkhead::behaviour
