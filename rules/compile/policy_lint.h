// What policies may say and still look like a mistake.
//
//   lint.policy.shadowed       a rule that never decides: rules above it take all of its flows, at every workload that
//   it guards lint.policy.no_peer        a rule whose peers are no address now lint.policy.guards_nobody  a policy that
//   selects no workload now
//
// The last two depend on the inventory: a workload that is to come makes them right.
//
// Thread   control thread.
// In       a compiled table. Rules of tiers' ends and of isolation count as what stands above; nothing is said about
// them. Limits   a rule that rules above take only together, each a part of its ports, is not found. Errors   findings
// are warnings at the rule, or at the policy. Tests    tests/unit/rules/compile/policy_lint_test.cpp, `bulkhead lint
// --policy`
#pragma once

#include "datapath/base/diagnostic.h"
#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

void lint_policies(const PolicyTable& table, Diagnostics& out);

}  // namespace bulkhead::rules
