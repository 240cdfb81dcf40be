// Evidence of detectors, joined to incidents: what an operator reads.
//
//   evidence   family, weight 0..1, one sentence, between whom, when
//   incident   an actor and a victim; 1 - product of (1 - weight) over independent families
//
// A family counts with its strongest evidence. An incident begins when its weight reaches `raise`; what comes within
// `window` of its last evidence joins it and is told only if it raises the severity or is of another kind (family,
// service, verb), or of one that was quiet for five minutes; four times in 10 s at most: a scan is one incident, not a
// thousand.
//
// A model alone says what is worth a look, not what is grave: without evidence of another family it stays medium.
//
// Thread   the behaviour thread. Limits  kMaxIncidents open ones, the oldest is closed first; each keeps its last eight
//          pieces of evidence and remembers 64 kinds.
// Tests    tests/unit/signatures/behaviour/incident_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"
#include "signatures/behaviour/party.h"

namespace bulkhead::behaviour {

enum class Family : std::uint8_t {
  kEdge,
  kVerb,
  kScan,
  kOutcome,
  kHalfOpen,
  kSlowRequest,
  kDnsTunnel,
  kLink,
  kSignature,
  kIntel,
  kVolume,
  kBurst,
  kSweep,
  kDga,
  kBeacon,
  kShell,
  kMiner,
  kIcmpTunnel,
  kLinkSweep,
  kChain,
  kModel
};
inline constexpr std::size_t kFamilies = static_cast<std::size_t>(Family::kModel) + 1;
[[nodiscard]] const char* to_string(Family family);  // "edge", "verb", ...
[[nodiscard]] std::optional<Family> find_family(std::string_view name);

struct Evidence {
  Family family = Family::kEdge;
  double weight = 0;
  PartyId actor = kNobody, victim = kNobody;  // victim kNobody: several
  Service service;                            // that the evidence is about; port 0: none
  std::uint64_t detail = 0;                   // what else tells one kind from another: the hash of a verb
  Timestamp time;
  std::uint64_t flow = 0, packet = 0;
  FlowTuple tuple;        // source is the client; unset: no flow
  bool verified = false;  // the client cannot be forged
  std::uint32_t interface = 0;
  std::string text;  // "api opened tcp/6443 to 10.96.0.1 for the first time in 3,017 flows"
};

enum class Severity : std::uint8_t { kLow, kMedium, kHigh };
[[nodiscard]] const char* to_string(Severity severity);

struct Incident {
  static constexpr std::size_t kMaxEvidence = 8;
  std::uint64_t id = 0;  // 0: below the threshold so far
  PartyId actor = kNobody, victim = kNobody;
  Timestamp first, last;
  double weight = 0;
  Severity severity = Severity::kLow;
  std::vector<Evidence> evidence;  // the strongest of each family and service, those that came last
  std::uint64_t count = 0;         // pieces of evidence in all

  // For the book.
  std::map<Family, double> strongest;
  std::map<std::tuple<Family, Service, std::uint64_t>, Timestamp> kinds;  // when each was last seen
  Timestamp told_window;
  unsigned told = 0;
};

struct IncidentSettings {
  double raise = 0.6;  // from here it is told, as medium; from 0.9 as high
  std::chrono::seconds window{600};
};

class IncidentBook {
 public:
  static constexpr std::size_t kMaxIncidents = 4096;

  explicit IncidentBook(const IncidentSettings& settings) : settings_(settings) {}
  // The incident when there is something to tell; null: not (yet), or known already.
  const Incident* add(Evidence evidence);
  [[nodiscard]] std::uint64_t raised() const { return next_id_ - 1; }
  // Is this party the actor of an incident that is open?
  [[nodiscard]] bool suspects(PartyId actor, Timestamp now) const;

 private:
  IncidentSettings settings_;
  std::map<std::pair<PartyId, PartyId>, Incident> open_;
  std::uint64_t next_id_ = 1;
};

}  // namespace bulkhead::behaviour
