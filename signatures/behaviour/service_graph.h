// Who uses which service how: what was learned, and how surprising what comes now is.
//
//   edge      client -> (server, protocol, port): flows that were answered
//   verb      of a service: what it is asked for, in the shapes of facts.h
//   question  of a client: types of DNS records
//
// Of a party without history nothing can be said: what it does is news, not suspicion.
//
// What is new waits as a candidate and is learned once it has come in so many windows of 10 s and over such a time
// (fewer while its party learns, see GraphSettings), unless an incident suspects its client: then it begins anew. While
// monitored, a client gains at most `promote_daily` edges a day, so that a slow ramp ends there; an edge that nobody
// used for `expire` is forgotten.
//
// Thread   the behaviour thread. Memory  about 250 bytes an edge, 120 a verb (bench/behaviour_cost). Tests
// tests/unit/signatures/behaviour/behaviour_engine_test.cpp, live_engine_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/base/timestamp.h"
#include "signatures/behaviour/novelty.h"
#include "signatures/behaviour/party.h"

namespace bulkhead::behaviour {

struct GraphSettings {
  // While monitored.
  unsigned promote_windows = 30;
  std::chrono::seconds promote_age{3600};
  unsigned promote_daily = 16;
  // While its party learns.
  unsigned learn_windows = 3;
  std::chrono::seconds learn_age{60};
  std::chrono::seconds expire{30 * 86400};
};

// What is known of an edge, for people.
struct EdgeRecord {
  Timestamp first, last;
  std::uint64_t flows = 0;
  unsigned windows = 0;   // of 10 s in which it came before it was learned
  bool promoted = false;  // learned while its client was monitored already
};

enum class NewKind : std::uint8_t { kEdge, kVerb, kQuestion };

// What was not learned yet. client: of an edge or question; service: of an edge or verb; token: of a verb or question.
struct Candidate {
  NewKind kind = NewKind::kEdge;
  PartyId client = kNobody;
  Service service;
  std::uint64_t token = 0;
  auto operator<=>(const Candidate&) const = default;
};

class ServiceGraph {
 public:
  static constexpr std::size_t kMaxContexts = 65536, kMaxPending = 65536, kMaxEdges = 65536;

  explicit ServiceGraph(const GraphSettings& settings) : settings_(settings) {}

  void learn_edge(PartyId client, const Service& service, Timestamp now, std::uint32_t times = 1);
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
  // Something came; true: it was new and has now been learned. `client`: who is suspected or not.
  bool offer(const Candidate& candidate, PartyId client, Timestamp now, bool learning, bool suspected);
  // Edges of the client that were first seen since then are forgotten, and its candidates; how many edges.
  std::size_t withdraw(PartyId client, Timestamp since);
  std::size_t expire(Timestamp now);

  [[nodiscard]] std::size_t edges() const;
  [[nodiscard]] std::size_t candidates() const { return pending_.size(); }
  [[nodiscard]] std::size_t candidates_of(PartyId client) const;
  [[nodiscard]] std::uint64_t held_back() const { return held_back_; }
  [[nodiscard]] const std::map<std::pair<PartyId, Service>, EdgeRecord>& records() const { return records_; }

  // Everything learned, one line each (state_file.h), and one line back; false: the line is no such.
  void save(const std::function<void(const std::string& line)>& write) const;
  [[nodiscard]] bool restore(const std::vector<std::string_view>& words,
                             const std::function<PartyId(std::uint64_t)>& party);

 private:
  struct Pending {
    Timestamp first;
    std::int64_t window = -1;
    std::uint32_t windows = 0;
    std::uint32_t times = 0;
  };
  struct Day {
    std::int64_t number = -1;
    unsigned promoted = 0;
  };
  [[nodiscard]] static std::uint64_t token(const Service& service);
  [[nodiscard]] bool knows(const Candidate& candidate) const;
  void add_exposure(const Candidate& known, Timestamp now);
  void learn(const Candidate& candidate, const Pending& pending, Timestamp now, bool promoted);

  GraphSettings settings_;
  std::unordered_map<PartyId, Novelty> out_, questions_;
  std::map<Service, Novelty> verbs_;
  std::unordered_map<PartyId, std::uint64_t> in_;
  std::map<std::pair<PartyId, Service>, EdgeRecord> records_;
  std::map<Candidate, Pending> pending_;
  std::unordered_map<PartyId, Day> days_;
  std::uint64_t held_back_ = 0;
};

}  // namespace bulkhead::behaviour
