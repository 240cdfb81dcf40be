// What an allow rule with a limit becomes: chains behind it, and sets that hold its buckets.
//
//   rule --goto--> limit-H:  a packet of a flow that is known: on to the packets' bucket, or return
//                            within `new`, `packets` and `open`: counted, return: admitted
//                            else goto over-H: logged, counted as KEY/over, dropped or rejected
//
// Meaning  `new` counts flows begun, one for each, also where their first packets repeat. `packets` counts those that
//          go the way of the flow's first. `open` counts what conntrack holds. All that are given must admit.
// Buckets  one for each rule, or for each address or prefix, by set elements; equal rules of many workloads share
//          them. Each family's table has its own. A full set of buckets admits nothing: it fails closed.
// Packets  inet accepts packets of established connections before the policies: those of a limited flow are known by
//          the sets paced4-H and paced6-H and asked in the chain `paced` (rules in LimitParts::paced) ahead of that.
//          Protocols without a flow key are counted there only until they are answered.
// Limits   65536 buckets of each kind and rule. `open` needs conntrack: none in the bridge family (Enforcer refuses).
// Thread   control thread; pure functions.
// Tests    tests/unit/rules/nft/limit_renderer_test.cpp (evaluator), tests/netns/limit_netns_test.cpp (kernel)
#pragma once

#include <string>
#include <vector>

#include "rules/compile/policy_table.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

struct LimitParts {
  std::string entry;  // the chain that the rule goes to
  std::vector<NftChain> chains;
  std::vector<NftSet> sets;
  std::vector<NftRule> paced;  // inet, with `packets`: for the chain ahead of established connections
};

// `rule.limit` is set. `flows`: most flows whose packets are counted.
[[nodiscard]] LimitParts render_limit(NftFamily family, const TableRule& rule, std::uint32_t flows);

}  // namespace bulkhead::rules
