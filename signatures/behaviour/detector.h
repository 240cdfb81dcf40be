// A detector: sees observations in order of time, says evidence.
//
// Learning and watching are two calls, so that no detector can learn from what it should find. All state is bounded.
//
// Thread   the behaviour thread.
// Gating   those that reason from packets that did not come (`needs_every_packet`) are silent for a while after capture
// loss.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "signatures/behaviour/incident.h"
#include "signatures/behaviour/observation.h"
#include "signatures/behaviour/party.h"
#include "signatures/behaviour/service_graph.h"
#include "signatures/intel/indicator_table.h"

namespace bulkhead::behaviour {

// While nothing is learned yet, the least that is conspicuous is so many times higher.
inline constexpr unsigned kUntaughtSlack = 5;

// An observation with its parties resolved, the same for all detectors.
struct Scene {
  const Observation& seen;
  PartyId client = kNobody;
  Service service;
  PartyTable& parties;
  ServiceGraph& graph;
  const intel::IndicatorTable* intel = nullptr;  // null: no feeds
  Timestamp wall;                                // by the clock on the wall, for what expires
  bool suspected = false;                        // the client is the actor of an open incident: it teaches nothing

  [[nodiscard]] const std::string& name(PartyId id) const { return parties.name(id); }
  [[nodiscard]] std::string service_text() const;  // "tcp/5432 of shop/pg"
  [[nodiscard]] Evidence evidence(Family family, double weight, std::string text) const;
};

class Detector {
 public:
  Detector() = default;
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;
  virtual ~Detector() = default;
  [[nodiscard]] virtual Family family() const = 0;
  [[nodiscard]] virtual bool needs_every_packet() const { return false; }
  virtual void learn(const Scene& scene) = 0;
  virtual void watch(const Scene& scene, std::vector<Evidence>& out) = 0;
  // While a workload learns beside others that are watched: what is conspicuous by itself is said and not learned.
  virtual void learn_live(const Scene&, std::vector<Evidence>&) {}
  // What some detector said.
  virtual void heard(const Evidence&) {}
  // What it learned, as lines of numbers: (service, detail, value); kept over restarts.
  using Put = std::function<void(const Service&, std::uint64_t detail, std::uint64_t value)>;
  virtual void save(const Put&) const {}
  virtual void restore(const Service&, std::uint64_t, std::uint64_t) {}
};

}  // namespace bulkhead::behaviour
