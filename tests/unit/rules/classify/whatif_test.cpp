#include "rules/classify/whatif.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

PolicyTablePtr table_of(const std::string& rule) {
  auto inventory = std::make_shared<Inventory>();
  Workload w;
  w.name = "db";
  w.name_space = "x";
  w.addresses = {*IpAddress::parse("10.0.0.3")};
  EXPECT_FALSE(inventory->add_workload(w));
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  Policy policy;
  policy.name = "p";
  policy.tier = "platform";
  policy.ingress = {std::get<PolicyRule>(parse_rule(rule, FlowEnd::kIngress))};
  model.policies = {policy};
  Diagnostics d;
  return compile_policies(model, inventory, d);
}

TEST(WhatIf, CountsFlowsThatChange) {
  FlowEdgeTable edges;
  for (const std::uint16_t port : {80, 80, 81, 443}) {
    flow::Flow flow;
    edges.add({{*IpAddress::parse("10.0.0.2"), *IpAddress::parse("10.0.0.3"), 1, port, ip_proto::kTcp}}, flow);
  }
  const Classifier before(table_of("deny from any on tcp/443")), now(table_of("deny from any on tcp/80-81"));
  const WhatIf changed = compare(before, now, edges);
  EXPECT_EQ(changed.to_string(now.table()),
            "newly denied:\n"
            "  10.0.0.2 -> x/db  tcp/80  2 flows  p/ingress/1\n"
            "  10.0.0.2 -> x/db  tcp/81  1 flow  p/ingress/1\n"
            "newly allowed:\n"
            "  10.0.0.2 -> x/db  tcp/443  1 flow  open\n"
            "4 flows, 3 newly denied, 1 newly allowed\n");
  EXPECT_TRUE(compare(now, now, edges).changes.empty());
}

}  // namespace
}  // namespace bulkhead::rules
