#include "rules/nft/enforcer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/nft/nft_printer.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

using testing::FakeNftTransport;
using testing::RandomPolicies;

TEST(RulesetDiff, AnyRulesetFollowsAnyOther) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  std::size_t loads = 0;
  for (std::uint64_t seed = 1; seed < 80; ++seed) {
    const auto world = RandomPolicies(seed).make();
    if (world.table == nullptr) continue;
    const EnforcementMode mode{seed % 2 == 0, seed % 5 == 0};
    auto report = enforcer.load(world.table, mode);
    ASSERT_TRUE(report) << "seed " << seed << ": " << report.error().to_string();
    EXPECT_GT(report->changes, 0U);
    auto again = enforcer.load(world.table, mode);
    ASSERT_TRUE(again);
    ASSERT_EQ(again->changes, 0U) << "seed " << seed;
    ++loads;
  }
  EXPECT_GT(loads, 40U);
}

TEST(RulesetDiff, BaseChainsAndBlocksAreLeftAlone) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  const auto first = RandomPolicies(11).make(), second = RandomPolicies(12).make();
  ASSERT_TRUE(first.table != nullptr && second.table != nullptr);
  ASSERT_TRUE(enforcer.load(first.table, {true, true}));
  NftElement block;
  block.key = {10, 0, 0, 9};
  for (NftTable& table : kernel.kernel.tables) table.sets[0].elements.push_back(block);
  ASSERT_TRUE(enforcer.load(second.table, {true, true}));
  for (const NftCommand& c : kernel.last) {
    const bool base = c.name == "forward" || c.name == "input" || c.name == "output" || c.name.starts_with("block") ||
                      c.name.starts_with("guard-in");
    EXPECT_FALSE(base) << to_string(c.op) << " " << c.name;
    EXPECT_NE(c.op, NftOp::kDeleteTable);
  }
  for (const NftTable& table : kernel.kernel.tables) EXPECT_EQ(table.set("block4-source")->elements.size(), 1U);
}

TEST(RulesetDiff, TheHooksOfBlocksAreMissedOnceThereIsABlock) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  ASSERT_TRUE(enforcer.load(nullptr, {true, true}));
  const auto inet = [&]() -> NftTable& {
    return *std::find_if(kernel.kernel.tables.begin(), kernel.kernel.tables.end(),
                         [](const NftTable& table) { return table.family == NftFamily::kInet; });
  };
  EXPECT_EQ(inet().chain("block-in"), nullptr);
  EXPECT_EQ(*enforcer.verify(), std::vector<std::string>{});

  NftElement end;
  end.key = {10, 0, 0, 9};
  for (NftSet& set : inet().sets) {
    if (set.name == "block4-ends") set.elements.push_back(end);
  }
  const auto found = enforcer.repair();
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->front(), "chain block-in is missing in table inet bulkhead");
  ASSERT_NE(inet().chain("block-in"), nullptr);
  EXPECT_EQ(inet().chain("block-in")->rules.size(), 2U);

  for (NftSet& set : inet().sets) set.elements.clear();
  EXPECT_EQ(*enforcer.verify(), std::vector<std::string>{}) << "without blocks they stay";
  for (NftChain& chain : inet().chains) {
    if (chain.name == "block-in") chain.rules.pop_back();
  }
  EXPECT_EQ(enforcer.verify()->size(), 1U) << "what is there has to be right";
}

TEST(Enforcer, WhatTheKernelWouldNotHoldIsRefused) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  RandomPolicies random(11);
  const auto world = random.make();
  PolicyModel model = world.model;
  Policy policy;
  policy.name = "limited";
  policy.tier = "platform";
  PolicyRule rule;
  rule.limit = LimitSpec{};
  rule.limit->open_flows = 5;
  policy.ingress.push_back(rule);
  model.policies.push_back(policy);
  Diagnostics diagnostics;
  const auto report = enforcer.load(compile_policies(model, world.inventory, diagnostics), {false, false});
  ASSERT_FALSE(report) << "bridged traffic has no conntrack there";
  EXPECT_EQ(report.error().object, "rule limited/ingress/1");
  EXPECT_EQ(kernel.batches, 0U) << "nothing was changed";
}

TEST(Enforcer, VerifyTellsWhatChanged) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  const auto world = RandomPolicies(11).make();
  ASSERT_TRUE(enforcer.load(world.table, {true, true}));
  auto clean = enforcer.verify();
  ASSERT_TRUE(clean);
  EXPECT_TRUE(clean->empty());
  const NftRuleset good = kernel.kernel;
  const auto findings = [&](auto change) {
    kernel.kernel = good;
    for (NftTable& table : kernel.kernel.tables) {
      if (table.family == NftFamily::kInet) change(table);
    }
    auto found = enforcer.verify();
    return found && !found->empty() ? found->front() : std::string();
  };
  const auto chain = [](NftTable& t, const std::string& name) -> NftChain& {
    return *std::find_if(t.chains.begin(), t.chains.end(), [&](const NftChain& c) { return c.name == name; });
  };
  EXPECT_EQ(findings([](NftTable&) {}), "");
  EXPECT_NE(findings([&](NftTable& t) { chain(t, "judge").rules.pop_back(); }), "");
  EXPECT_NE(findings([&](NftTable& t) { chain(t, "judge").rules[0].expressions.pop_back(); }).find("should be"),
            std::string::npos);
  EXPECT_NE(findings([&](NftTable& t) { chain(t, "forward").hook->priority = 5; }).find("has another hook"),
            std::string::npos);
  EXPECT_NE(findings([&](NftTable& t) { chain(t, "forward").hook->policy = 0; }), "");
  EXPECT_NE(findings([&](NftTable& t) {
              t.chains.push_back({"x", std::nullopt, {}});
            }).find("chain x does not belong"),
            std::string::npos);
  EXPECT_NE(findings([&](NftTable& t) { t.sets.push_back({}); }).find("does not belong"), std::string::npos);
  EXPECT_NE(findings([&](NftTable& t) { t.sets[0].size = 5; }).find("defined otherwise"), std::string::npos);
  EXPECT_EQ(findings([&](NftTable& t) { t.sets[0].elements.push_back({}); }), "") << "blocks are not ours to compare";
  kernel.kernel.tables.clear();
  auto gone = enforcer.verify();
  ASSERT_TRUE(gone);
  EXPECT_NE(gone->front().find("table is missing"), std::string::npos);
}

TEST(Enforcer, ARefusedLoadIsAnErrorAndKeepsTheOld) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  const auto world = RandomPolicies(11).make();
  ASSERT_TRUE(enforcer.load(world.table, {true, true}));
  const std::string before = print_ruleset(kernel.kernel);
  kernel.fail_next = ENOMEM;
  auto refused = enforcer.load(nullptr, {true, true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOMEM);
  EXPECT_EQ(print_ruleset(kernel.kernel), before);
  auto proof = enforcer.verify();
  ASSERT_TRUE(proof);
  EXPECT_TRUE(proof->empty()) << "still compared with what is in force";
}

TEST(Enforcer, CountersBySourceRule) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  ASSERT_TRUE(enforcer.load(nullptr, {true, true}));
  for (NftTable& table : kernel.kernel.tables) {
    for (NftChain& chain : table.chains) {
      for (NftRule& rule : chain.rules) {
        for (Expression& e : rule.expressions) {
          if (auto* counter = std::get_if<ExprCounter>(&e)) *counter = {2, 100};
        }
      }
    }
  }
  auto counters = enforcer.counters();
  ASSERT_TRUE(counters);
  ASSERT_EQ(counters->size(), 11U) << "ten sets of blocks, and the resets that pass them";
  EXPECT_EQ(counters->at(0).rule, "block-resets");
  EXPECT_EQ(counters->at(0).packets, 2U) << "bridge only";
  EXPECT_EQ(counters->at(1).rule, "block4-flow");
  EXPECT_EQ(counters->at(1).packets, 4U) << "both families";
  EXPECT_EQ(counters->at(1).bytes, 200U);
}

TEST(Enforcer, RecoverDeletesEveryFamilyAndOnlyOurs) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  ASSERT_TRUE(enforcer.load(nullptr, {true, true}));
  kernel.kernel.tables.push_back({NftFamily::kIp, "bulkhead", {}, {}});
  kernel.kernel.tables.push_back({NftFamily::kInet, "other", {}, {}});
  auto removed = Enforcer::recover(kernel);
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 3U);
  ASSERT_EQ(kernel.kernel.tables.size(), 1U);
  EXPECT_EQ(kernel.kernel.tables[0].name, "other");
}

}  // namespace
}  // namespace bulkhead::rules
