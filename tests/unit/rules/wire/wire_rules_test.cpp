#include "rules/wire/wire_rules.h"

#include <gtest/gtest.h>
#include <linux/netfilter.h>

#include <algorithm>

namespace bulkhead::rules {
namespace {

WireRule wire(bool closed) {
  return {{5, 8}, "veth5", "veth5-d", closed};
}
bool forwards(const NftRule& rule) {
  return std::any_of(rule.expressions.begin(), rule.expressions.end(),
                     [](const Expression& e) { return std::holds_alternative<ExprForward>(e); });
}

TEST(WireRules, NothingGetsPastAChainThatSaysNothing) {
  for (const NftBatch& batch : {wire_rules_of_port(wire(false)), wire_rules_of_inner(wire(true), 2, 3)}) {
    for (const NftCommand& command : batch) {
      if (command.op == NftOp::kAddChain) {
        ASSERT_TRUE(command.hook);
        EXPECT_EQ(command.hook->policy, std::uint32_t{NF_DROP});
      }
    }
  }
}

TEST(WireRules, WhatHoldsWithoutTheDaemonIsAsTheSegmentSays) {
  for (const bool closed : {false, true}) {
    for (const NftBatch& batch : {wire_rules_of_port(wire(closed)), wire_rules_of_inner(wire(closed), 2, 3)}) {
      for (const NftCommand& command : batch) {
        if (command.op != NftOp::kAddRule || command.table != kWireTable) continue;
        EXPECT_EQ(forwards(command.rule), !closed) << command.name;
      }
    }
  }
}

TEST(WireRules, TheLiveTableGoesWithItsSocket) {
  const NftBatch tables = wire_tables();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_FALSE(tables[0].owned);
  EXPECT_TRUE(tables[1].owned);
  EXPECT_EQ(tables[1].table, kWireLiveTable);
  EXPECT_EQ(wire_removal(5, false).size(), 2U) << "without the table that is gone already";
}

}  // namespace
}  // namespace bulkhead::rules
