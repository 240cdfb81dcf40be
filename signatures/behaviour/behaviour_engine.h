// The behaviour thread's work: observations in, incidents out. No thread of its own: the caller has one.
//
//   learning    the graph and the detectors take in what is normal; nothing is said
//   watching    what differs becomes evidence, evidence becomes incidents
//
// Thread   one. In  observations in order of packet time. Out  on_incident (something to tell), on_evidence (each
// piece). Limits   see the tables of service_graph.h, detectors.h, incident.h, party.h. Tests
// tests/unit/signatures/behaviour/behaviour_engine_test.cpp, bench/detect
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "datapath/base/address_ranges.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

struct BehaviourSettings {
  std::vector<IpPrefix> inside = private_ranges();
  GraphSettings graph;
  IncidentSettings incidents;
  std::vector<Family> without;          // detectors that are left out
  std::chrono::seconds loss_quiet{30};  // detectors that need every packet are silent so long after a loss
};

enum class BehaviourMode : std::uint8_t { kLearn, kWatch };

class BehaviourEngine {
 public:
  explicit BehaviourEngine(const BehaviourSettings& settings, OwnerOf owner_of = {});

  void set_mode(BehaviourMode mode) { mode_ = mode; }
  void take(const Observation& seen);
  void packets_were_lost(Timestamp now) { last_loss_ = now; }

  std::function<void(const Incident&)> on_incident;
  std::function<void(const Evidence&)> on_evidence;

  [[nodiscard]] const PartyTable& parties() const { return parties_; }
  [[nodiscard]] const ServiceGraph& graph() const { return graph_; }
  [[nodiscard]] std::uint64_t incidents() const { return book_.raised(); }

 private:
  [[nodiscard]] Service service_of(const Observation& seen);

  BehaviourSettings settings_;
  BehaviourMode mode_ = BehaviourMode::kLearn;
  PartyTable parties_;
  ServiceGraph graph_;
  IncidentBook book_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  std::vector<Evidence> evidence_;
  std::optional<Timestamp> last_loss_;
};

}  // namespace bulkhead::behaviour
