// Why a flow is allowed or denied: every rule that was asked, in order, with the reason why it did not
// match, and the one that decided with its place in the policy file.
//
// Thread   any; reads an immutable table. Cost  control plane: strings are built.
// Tests    tests/unit/rules/compile/explain_test.cpp
#pragma once

#include <string>
#include <vector>

#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

struct ExplainedStep {
  std::uint32_t rule = kNone;
  bool matched = false;
  std::string why;  // "port 80 is not in tcp/443", "10.0.0.9 is no peer", "matches: deny"
};

struct ExplainedEnd {
  FlowEnd end = FlowEnd::kEgress;
  std::string workload;  // empty: this end is no workload, nothing judges it
  std::vector<ExplainedStep> steps;
  Action action = Action::kAllow;  // kAllow, kDeny or kReject
  std::uint32_t rule = kNone;      // kNone: open because no rule matched
};

struct Explanation {
  FlowQuery query;
  bool always_open = false;
  std::vector<ExplainedEnd> ends;  // egress, then ingress unless egress ended the flow
  Action action = Action::kAllow;
  std::uint32_t rule = kNone;

  [[nodiscard]] std::string to_string(const PolicyTable& table) const;
};

[[nodiscard]] Explanation explain(const PolicyTable& table, const FlowQuery& query);
// "tcp 10.0.0.1:40000 -> 10.0.0.2:80", "icmp 10.0.0.1 -> 10.0.0.2 type 8 code 0".
[[nodiscard]] std::string describe(const FlowQuery& query);

}  // namespace bulkhead::rules
