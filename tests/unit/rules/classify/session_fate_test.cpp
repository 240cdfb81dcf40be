#include "rules/classify/session_fate.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

std::shared_ptr<const Classifier> with(const std::string& rule, SessionChange sessions = SessionChange::kCutDenied) {
  auto inventory = std::make_shared<Inventory>();
  Workload w;
  w.name = "db";
  w.name_space = "x";
  w.addresses = {*IpAddress::parse("10.0.0.2")};
  EXPECT_FALSE(inventory->add_workload(w));
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  if (!rule.empty()) {
    Policy policy;
    policy.name = "p";
    policy.tier = "platform";
    policy.sessions = sessions;
    policy.ingress = {std::get<PolicyRule>(parse_rule(rule, FlowEnd::kIngress))};
    model.policies = {policy};
  }
  Diagnostics d;
  return std::make_shared<Classifier>(compile_policies(model, inventory, d));
}

bool ends(const std::shared_ptr<const Classifier>& before, const std::shared_ptr<const Classifier>& now) {
  const FlowQuery session{{*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.2"), 1, 80, ip_proto::kTcp}};
  return SessionFate(*before, *now).must_end(session);
}

TEST(SessionFate, WhatIsRefusedEndsUnlessThePolicyKeepsIt) {
  const auto open = with("");
  EXPECT_TRUE(ends(open, with("deny from any")));
  EXPECT_FALSE(ends(open, with("deny from any", SessionChange::kKeep)));
  EXPECT_TRUE(ends(with("deny from any"), with("deny from any", SessionChange::kKeep))) << "it should not be there";
  EXPECT_FALSE(ends(open, with("deny from any on tcp/81")));
}

TEST(SessionFate, CutEndsWhatItAllowsOnce) {
  const auto cut = with("allow from any", SessionChange::kCut);
  EXPECT_TRUE(ends(with(""), cut));
  EXPECT_TRUE(ends(with("allow from any"), cut)) << "the word is new";
  EXPECT_FALSE(ends(cut, with("allow from any", SessionChange::kCut)));
  EXPECT_TRUE(ends(cut, with("allow from 10.0.0.0/8", SessionChange::kCut)));
}

}  // namespace
}  // namespace bulkhead::rules
