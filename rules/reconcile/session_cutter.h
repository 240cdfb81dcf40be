// Ends sessions that a new policy refuses; the others notice nothing.
//
//   inet     entries of conntrack are deleted. The next TCP segment of either end belongs to no connection then
//            and is reset (chain "midstream"); any other packet is judged as the first of a new flow.
//   bridge   elements of flows4 and flows6, where there is no conntrack; TCP is dropped by "midstream".
//
// Thread   control thread.
// In       the question whether a session must end, asked once for each flow.
// Cost     a dump of all connections (1 us each) and a deletion (5 us) for each that ends.
// Errors   the environment lane: with one, some sessions may be cut and others not; calling again goes on.
// Limits   a session that opened while the ruleset changed may be confirmed after the dump: call again once
//          packets that were on their way have left (kSettle).
// Guess    of a TCP connection that the kernel joined late the opener is unknown: it also ends when the reverse
//          is refused and its ports look like a server's answer.
// Tests    tests/unit/rules/reconcile/session_cutter_test.cpp, tests/netns/session_netns_test.cpp
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "rules/compile/policy_table.h"
#include "rules/nft/conntrack.h"
#include "rules/nft/nft_transport.h"

namespace bulkhead::rules {

inline constexpr std::chrono::milliseconds kSettle{50};

// True: the session must end.
using SessionQuestion = std::function<bool(const FlowQuery&)>;

// The connections that must end: those the question names, and those that belong to one of them.
[[nodiscard]] std::vector<Connection> refused_connections(const std::vector<Connection>& connections,
                                                          const SessionQuestion& must_end);
// The flow of an element of flows4 or flows6; nullopt: no such element.
[[nodiscard]] std::optional<FlowQuery> flow_of_element(IpFamily version, const NftElement& element);

struct CutReport {
  std::size_t seen = 0;
  std::size_t cut = 0;
};

class SessionCutter {
 public:
  SessionCutter(NftTransport& transport, ConntrackTable& conntrack, std::string table = "bulkhead")
      : transport_(transport), conntrack_(conntrack), table_(std::move(table)) {}

  [[nodiscard]] Result<CutReport> cut(const SessionQuestion& must_end);

 private:
  [[nodiscard]] Status cut_followed(IpFamily version, const SessionQuestion& must_end, CutReport& report);

  NftTransport& transport_;
  ConntrackTable& conntrack_;
  const std::string table_;
};

}  // namespace bulkhead::rules
