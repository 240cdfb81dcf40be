// Desired against actual: the smallest batch that turns one ruleset into the other, and the same
// differences in words for verify().
//
// Order    one transaction: rules go first, then map elements, sets and chains; then sets, chains,
//          elements and rules come. A chain that is needed by nobody yet (NftChain::needed_by) is neither made nor
//          missed, and compared once it is there. Base chains are never deleted, unless their hook itself changes
//          (netdev: or their port goes).
// Rules    elements of sets marked dynamic_elements are not compared; merged intervals are compared as pairs of
//          elements and change in place.
// Thread   pure function. Cost  sorts each set once.
// Tests    tests/unit/rules/nft/enforcer_test.cpp
#pragma once

#include <string>
#include <vector>

#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

struct RulesetDifference {
  NftBatch batch;
  std::vector<std::string> findings;
  [[nodiscard]] bool empty() const { return batch.empty(); }
};

// Words cost more than the comparison: without them for a load.
enum class Findings : std::uint8_t { kOmitted, kWords };
[[nodiscard]] RulesetDifference compare_rulesets(const NftRuleset& desired, const NftRuleset& actual,
                                                 Findings findings = Findings::kWords);

}  // namespace bulkhead::rules
