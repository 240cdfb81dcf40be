// Policies and inventory to the policy table: selectors become address ranges, names become numbers,
// tiers and orders become one list of steps per workload and direction.
//
// Thread   control thread.
// Time     `now` leaves out the policies that have expired; nullopt: the wall clock.
// Errors   Diagnostics policy.*; with errors the result is null and the running table stays.
//          Warnings: selectors that name a label no workload has, rules that can match nothing.
// Cost     one selector is resolved once, however many rules use it, through an index of labels; workloads
//          that the same policies select share one program.
// Tests    tests/unit/rules/compile/policy_compiler_test.cpp
#pragma once

#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

[[nodiscard]] PolicyTablePtr compile_policies(const PolicyModel& model, const InventoryPtr& inventory,
                                              Diagnostics& diagnostics,
                                              std::optional<std::chrono::sys_seconds> now = std::nullopt);

}  // namespace bulkhead::rules
