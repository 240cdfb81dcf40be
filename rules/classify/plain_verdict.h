// The slow twin of the classifier: reads the policies as they were written, line by line, without any
// compiled form. It is what the compiler, the classifier and the kernel ruleset are tested against.
//
// Thread   pure function. Cost  policies x rules x peers; not for the packet path.
// Tests    tests/unit/rules/classify/classifier_test.cpp
#pragma once

#include <string>
#include <vector>

#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

struct PlainVerdict {
  Action action = Action::kAllow;
  std::string rule;                // "payments/ingress/2"; empty: no rule decided
  std::vector<std::string> audit;  // rules of audit policies that matched on the way
};

// `now` leaves out what has expired; nullopt: the wall clock.
[[nodiscard]] PlainVerdict plain_verdict(const PolicyModel& model, const Inventory& inventory, const FlowQuery& query,
                                         std::optional<std::chrono::sys_seconds> now = std::nullopt);

}  // namespace bulkhead::rules
