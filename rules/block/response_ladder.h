// Decides what a finding leads to: the one place where the daemon's blocks by rules come from.
//
//   finding --> who is it, and can it be forged? --> safe list --> step and time of the ladder --> caps --> decision
//
//   log         nothing but the event
//   limit       of the source's packets no more pass than a rate
//   flow        this flow is cut
//   edge        source to destination is cut
//   quarantine  every address of the source is cut off
//
// Ladder   an offender (a workload, or an address that belongs to none) begins at `first`; each further finding within
//          `memory` is one step up, to `last`, and lasts `growth` times as long, to `max_ttl`. What comes within
//          `settle` of the step before, or from what is cut already, is on its way since before the cut: no step up.
// Posture  limit() limits whoever was started carelessly, beside the ladder: no strike, `limit_ttl`, asked again after
//          half of it. A limit or a cut that lasts longer stays as it is.
// Forging  a step that blocks needs a connection whose handshake was seen, or a source that is known by the port it
//          came in by. All else is logged and makes nobody an offender. The offender is the sender of the packet that
//          matched.
// Safe     addresses that are never blocked as a source: the list, this node, its gateways and resolvers.
// Caps     blocks per minute, and the share of the workloads that is cut off at a time. `breaker_refusals` of them
//          within a minute open the breaker: for `breaker_pause` everything is only said (simulate), as is what
//          panic() begins.
// Thread   one. Limits  kMostOffenders, the oldest are forgotten; kMostRefusals times are kept.
// Tests    tests/unit/rules/block/response_ladder_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/base/flow_key.h"
#include "rules/block/block_list.h"

namespace bulkhead::rules {

enum class ResponseStep : std::uint8_t { kLog, kLimit, kFlow, kEdge, kQuarantine };
[[nodiscard]] const char* to_string(ResponseStep step);

struct LadderSettings {
  ResponseStep first = ResponseStep::kFlow;
  ResponseStep last = ResponseStep::kEdge;
  std::chrono::seconds ttl{300};
  std::chrono::seconds max_ttl{86400};
  std::uint32_t growth = 2;
  std::chrono::seconds memory{3600};
  std::chrono::seconds settle{5};
  std::chrono::seconds limit_ttl{300};
  std::vector<IpPrefix> safe_list;
  std::uint32_t max_per_minute = 600;
  std::uint32_t max_share_percent = 10;  // of the workloads, at least one
  std::uint32_t breaker_refusals = 20;
  std::chrono::seconds breaker_pause{600};
};

// What a finding rests on.
struct ResponseEvidence {
  FlowTuple packet;          // of the packet that matched: its sender is the offender
  FlowTuple client;          // of its flow, client first
  bool established = false;  // the handshake was seen, and the packet belongs into the connection
  bool on_own_port = false;  // it came in by the port of the workload that owns the source
  std::uint32_t sid = 0;
  std::string reason;
};

// Who owns an address.
struct Owner {
  std::string name;
  std::vector<IpAddress> addresses;
};

// Answers of who knows the workloads.
struct Neighbourhood {
  std::function<const Owner*(const IpAddress&)> owner_of = [](const IpAddress&) { return nullptr; };  // null: nobody
  std::function<std::size_t()> workloads = [] { return std::size_t{0}; };
  // Whether a packet of this source, come in by this interface, came from who owns the address.
  std::function<bool(const IpAddress&, std::uint32_t)> by_own_port = [](const IpAddress&, std::uint32_t) {
    return false;
  };
};

enum class Ruling : std::uint8_t { kAct, kLogged, kForgeable, kSafe, kCovered, kTooMany, kTooLargeShare, kBreaker };
[[nodiscard]] const char* to_string(Ruling ruling);

struct ResponseDecision {
  Ruling ruling = Ruling::kLogged;
  ResponseStep step = ResponseStep::kLog;
  std::uint32_t strike = 0;  // of this offender
  bool opens_breaker = false;
  std::vector<Block> blocks;  // also where they are only said: kBreaker
};

class ResponseLadder {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMostOffenders = 65536;
  static constexpr std::size_t kMostRefusals = 1024;

  ResponseLadder(LadderSettings settings, Neighbourhood neighbourhood)
      : settings_(std::move(settings)), neighbourhood_(std::move(neighbourhood)) {}

  [[nodiscard]] ResponseDecision decide(const ResponseEvidence& evidence, Clock::time_point now);
  // Its packets alone are limited, whatever step it stands on.
  [[nodiscard]] ResponseDecision limit(const ResponseEvidence& evidence, Clock::time_point now);
  // Blocks that an earlier run left: who they are about goes on from there.
  void adopt(const std::vector<ActiveBlock>& blocks, Clock::time_point now);
  // Whatever is known of these addresses; or of everybody, with nothing but words until `breaker_pause` is over.
  void forget(const std::vector<IpAddress>& addresses);
  void panic(Clock::time_point now);

  [[nodiscard]] bool breaker_open(Clock::time_point now) const { return now < breaker_until_; }
  [[nodiscard]] std::size_t offenders() const { return offenders_.size(); }
  [[nodiscard]] const LadderSettings& settings() const { return settings_; }

 private:
  struct Offender {
    std::uint32_t strikes = 0;
    ResponseStep step = ResponseStep::kLog;
    Clock::time_point last;           // strike
    Clock::time_point cut_off_until;  // by a step that keeps it from others
    Clock::time_point limited_until;
    bool known = false;                                       // a workload: counts in the share
    std::vector<std::pair<Block, Clock::time_point>> covers;  // edge and quarantine in force
    std::list<std::string>::iterator age;
  };
  [[nodiscard]] bool is_safe(const IpAddress& address) const;
  // What can be said before anybody is looked up; kAct: nothing against it.
  [[nodiscard]] Ruling first_look(const ResponseEvidence& evidence) const;
  // The breaker and the caps; keeps count of what they refuse and of what is made.
  [[nodiscard]] bool may_act(ResponseDecision& decision, const Offender& offender, Clock::time_point now);
  [[nodiscard]] std::vector<Block> on_all_addresses(Block block, const Owner* owner) const;
  Offender& offender(const IpAddress& source, const Owner* owner);
  [[nodiscard]] static bool covered(Offender& offender, const FlowTuple& packet, Clock::time_point now);
  void step_up(Offender& offender, Clock::time_point now) const;
  [[nodiscard]] std::chrono::seconds time_of(std::uint32_t strikes) const;
  [[nodiscard]] Ruling within_caps(const Offender& offender, ResponseStep step, Clock::time_point now);
  [[nodiscard]] bool refused_too_often(Clock::time_point now);
  [[nodiscard]] std::vector<Block> blocks_of(const ResponseEvidence& evidence, const Owner* owner,
                                             const Offender& offender) const;

  const LadderSettings settings_;
  const Neighbourhood neighbourhood_;
  std::unordered_map<std::string, Offender> offenders_;
  std::list<std::string> ages_;  // the oldest in front
  std::deque<Clock::time_point> made_, refused_;
  Clock::time_point breaker_until_{};
};

}  // namespace bulkhead::rules
