// Which open sessions end when a new policy table takes over from an old one.
//
//   the new rules refuse it    it ends, unless the rule that refuses says `sessions: keep` and the old table
//                              admitted it
//   the new rules allow it     it lives, unless a rule that allows it says `sessions: cut` and was not in the old
//                              table in these words
//
// Thread   control thread; immutable after construction. Cost  two verdicts for each session.
// Tests    tests/unit/rules/classify/session_fate_test.cpp
#pragma once

#include <vector>

#include "rules/classify/classifier.h"

namespace bulkhead::rules {

class SessionFate {
 public:
  SessionFate(const Classifier& before, const Classifier& now);
  [[nodiscard]] bool must_end(const FlowQuery& session) const;

 private:
  const Classifier& before_;
  const Classifier& now_;
  std::vector<bool> cuts_;  // rules of the new table that end what they allow
};

}  // namespace bulkhead::rules
