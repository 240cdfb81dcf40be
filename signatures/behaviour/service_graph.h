// Who uses which service how: what was learned, and how surprising what comes now is.
//
//   edge      client -> (server, protocol, port): flows that were answered
//   verb      of a service: what it is asked for, in the shapes of facts.h
//   question  of a client: types of DNS records
//
// Of a party without history nothing can be said: what it does is news, not suspicion. What is new in monitor mode is
// learned too, once it has come in `promote_windows` windows of 10 s and over `promote_age`, unless an incident
// suspects its client: then it waits.
//
// Thread   the behaviour thread. Memory  about 120 bytes an edge or verb. Tests
// tests/unit/signatures/behaviour/behaviour_engine_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "datapath/base/timestamp.h"
#include "signatures/behaviour/novelty.h"
#include "signatures/behaviour/party.h"

namespace bulkhead::behaviour {

struct GraphSettings {
  unsigned promote_windows = 30;
  std::chrono::seconds promote_age{3600};
};

class ServiceGraph {
 public:
  static constexpr std::size_t kMaxContexts = 65536, kMaxPending = 65536;

  explicit ServiceGraph(const GraphSettings& settings) : settings_(settings) {}

  void learn_edge(PartyId client, const Service& service);
  void learn_verb(const Service& service, std::string_view verb);
  void learn_question(PartyId client, std::string_view type);

  // 0: known, or nothing can be said.
  [[nodiscard]] double edge_surprise(PartyId client, const Service& service) const;
  [[nodiscard]] double verb_surprise(const Service& service, std::string_view verb) const;
  [[nodiscard]] double question_surprise(PartyId client, std::string_view type) const;

  // Has the client learned edges to this port of other servers?
  [[nodiscard]] bool uses_port(PartyId client, const Service& service) const;
  [[nodiscard]] bool knows_edge(PartyId client, const Service& service) const;
  // Flows in which the party took part while learning.
  [[nodiscard]] std::uint64_t history(PartyId party) const;
  // Something new was seen again; true: it has now been learned.
  bool seen_again(PartyId client, const Service& service, Timestamp now, bool suspected);
  [[nodiscard]] std::size_t edges() const;

 private:
  struct Pending {
    Timestamp first;
    std::int64_t window = 0;
    unsigned windows = 0;
  };
  [[nodiscard]] static std::uint64_t token(const Service& service);

  GraphSettings settings_;
  std::unordered_map<PartyId, Novelty> out_, questions_;
  std::map<Service, Novelty> verbs_;
  std::unordered_map<PartyId, std::uint64_t> in_;
  std::map<std::pair<PartyId, Service>, Pending> pending_;
};

}  // namespace bulkhead::behaviour
