#include "config/daemon/label_updates.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"

namespace bulkhead::config {
namespace {

using rules::testing::FakeNftTransport;

std::shared_ptr<rules::Inventory> inventory() {
  auto out = std::make_shared<rules::Inventory>();
  for (const unsigned i : {2U, 3U}) {
    rules::Workload w;
    w.name = "w" + std::to_string(i);
    w.name_space = "shop";
    w.labels = {{"app", i == 2 ? "web" : "db"}};
    w.addresses = {IpAddress::v4(0x0a000000U + i)};
    EXPECT_FALSE(out->add_workload(w));
  }
  return out;
}

rules::PolicyTablePtr table_for(const std::shared_ptr<rules::Inventory>& list) {
  rules::PolicyModel model;
  model.tiers = rules::PolicyModel::default_tiers();
  rules::Policy policy;
  policy.name = "db";
  policy.tier = "platform";
  policy.subject = std::get<rules::Selector>(rules::parse_selector("app=db"));
  for (const char* text : {"allow from app=web on tcp/80", "deny from any"}) {
    policy.ingress.push_back(std::get<rules::PolicyRule>(rules::parse_rule(text, rules::FlowEnd::kIngress)));
  }
  model.policies.push_back(std::move(policy));
  Diagnostics diagnostics;
  return compile_policies(model, list, diagnostics);
}

TEST(LabelUpdates, ALabelIsAFewCommandsAndTheKernelIsAsDesired) {
  FakeNftTransport kernel;
  rules::Enforcer enforcer(kernel);
  LabelUpdates labels;
  const auto list = inventory();
  rules::Workload changed = list->workloads()[0];
  changed.labels["app"] = "db";
  auto early = labels.apply({changed}, enforcer);
  ASSERT_TRUE(early);
  EXPECT_FALSE(*early) << "nothing is loaded";
  const auto table = table_for(list);
  ASSERT_TRUE(enforcer.load(table, {true, true}));
  labels.base(table, enforcer);
  const auto done = labels.apply({changed}, enforcer);
  ASSERT_TRUE(done);
  ASSERT_TRUE(*done);
  EXPECT_GT((*done)->commands, 0U);
  EXPECT_LT((*done)->commands, 20U);
  const auto findings = enforcer.verify();
  ASSERT_TRUE(findings);
  EXPECT_TRUE(findings->empty()) << findings->front();
  kernel.fail_next = ENOMEM;
  changed.labels["app"] = "web";
  EXPECT_FALSE(labels.apply({changed}, enforcer)) << "the kernel refused";
  const auto again = labels.apply({changed}, enforcer);
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again) << "nothing had changed, the next try works";
}

TEST(LabelUpdates, AnotherAddressIsAFullLoad) {
  FakeNftTransport kernel;
  rules::Enforcer enforcer(kernel);
  LabelUpdates labels;
  const auto list = inventory();
  const auto table = table_for(list);
  ASSERT_TRUE(enforcer.load(table, {true, true}));
  labels.base(table, enforcer);
  rules::Workload moved = list->workloads()[0];
  moved.addresses = {IpAddress::v4(0x0a000009U)};
  const auto done = labels.apply({moved}, enforcer);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
}

}  // namespace
}  // namespace bulkhead::config
