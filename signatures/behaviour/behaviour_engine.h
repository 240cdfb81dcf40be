// The behaviour thread's work: observations in, incidents out. No thread of its own: the caller has one.
//
//   learning    the graph and the detectors take in what is normal; nothing is said
//   watching    what differs becomes evidence, evidence becomes incidents
//   live        each workload by its phase (phase.h): some learn while others are watched
//
// Suspicion   nothing is learned from the actor of an open incident, and what it taught shortly before is withdrawn.
// Time        runs on evenly: a step of the clock (back, or ahead of the time that really passed) is taken out, and
//             whoever reasons from what did not come is silent for `loss_quiet`, as after lost packets.
// Thread      one. In  observations in order of packet time. Out  on_incident (something to tell), on_evidence (each
//             piece), on_phase (a workload left learning). Limits   see the tables of service_graph.h, detectors.h,
//             incident.h, party.h. Tests  tests/unit/signatures/behaviour/behaviour_engine_test.cpp,
//             live_engine_test.cpp, bench/detect
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datapath/base/address_ranges.h"
#include "datapath/base/diagnostic.h"
#include "signatures/behaviour/detectors.h"
#include "signatures/behaviour/phase.h"

namespace bulkhead::behaviour {

struct BehaviourSettings {
  std::vector<IpPrefix> inside = private_ranges();
  GraphSettings graph;
  IncidentSettings incidents;
  PhaseSettings phases;
  std::vector<Family> without;          // detectors that are left out
  std::chrono::seconds loss_quiet{30};  // detectors that need every packet are silent so long after a loss
};

enum class BehaviourMode : std::uint8_t { kLearn, kWatch, kLive };

struct BehaviourStats {
  std::uint64_t observations = 0, evidence = 0, learned = 0, withdrawn = 0, expired = 0, clock_steps = 0, losses = 0;
};

class BehaviourEngine {
 public:
  explicit BehaviourEngine(const BehaviourSettings& settings, OwnerOf owner_of = {});

  void set_mode(BehaviourMode mode) { mode_ = mode; }
  void take(const Observation& seen);
  // Packets were lost about now.
  void packets_were_lost();
  // So much time has passed by a clock that nobody sets; once it is called, packet time may not run ahead of it.
  void real_time_passed(Nanoseconds time);
  // Indicators from now on; null: none.
  void use(intel::IndicatorTablePtr indicators) { indicators_ = std::move(indicators); }
  // One more detector, behind the others; what it learned comes before restore() is called.
  void add(std::unique_ptr<Detector> detector) { detectors_.push_back(std::move(detector)); }
  // Addresses may have other owners now.
  void owners_changed() { parties_.forget_inside(); }

  std::function<void(const Incident&)> on_incident;
  std::function<void(const Evidence&)> on_evidence;
  std::function<void(PartyId, Phase)> on_phase;

  [[nodiscard]] const PartyTable& parties() const { return parties_; }
  [[nodiscard]] const ServiceGraph& graph() const { return graph_; }
  [[nodiscard]] const Phases& phases() const { return phases_; }
  [[nodiscard]] std::uint64_t incidents() const { return book_.raised(); }
  [[nodiscard]] const BehaviourStats& stats() const { return stats_; }
  // Packet time that `at`, a time of the engine, was told with.
  [[nodiscard]] Timestamp wall_time(Timestamp at) const { return at + (-shift_); }

  // What was learned as text, and back. restore() is for a new engine; false: the diagnostics say why, and the engine
  // is not to be used.
  [[nodiscard]] std::string save() const;
  [[nodiscard]] bool restore(std::string_view text, const std::string& file, Diagnostics& diagnostics);

 private:
  [[nodiscard]] Service service_of(const Observation& seen);
  [[nodiscard]] Timestamp even_time(Timestamp packet_time);
  [[nodiscard]] bool lossy(Timestamp now) const { return quiet_since_ && now - *quiet_since_ < settings_.loss_quiet; }
  [[nodiscard]] PartyId subject_of(const Scene& scene) const;
  void take_one(const Observation& told);
  void take_live(const Scene& scene);
  void offer_news(const Scene& scene, bool learning, bool suspected);
  void conclude();

  BehaviourSettings settings_;
  BehaviourMode mode_ = BehaviourMode::kLearn;
  Observation evened_;  // the record in hand, with its time put right
  PartyTable parties_;
  ServiceGraph graph_;
  IncidentBook book_;
  Phases phases_;
  std::vector<std::unique_ptr<Detector>> detectors_;
  intel::IndicatorTablePtr indicators_;
  std::vector<Evidence> evidence_;
  BehaviourStats stats_;
  std::optional<Timestamp> quiet_since_;
  Timestamp last_, next_expiry_;
  Nanoseconds shift_{0}, may_pass_{0};
  bool has_real_clock_ = false;
};

}  // namespace bulkhead::behaviour
