#include "rules/compile/explain.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

TEST(Explain, ChainInWords) {
  auto inventory = std::make_shared<Inventory>();
  for (const auto& [name, address] : {std::pair{"web", "10.0.0.2"}, {"db", "10.0.0.3"}}) {
    Workload w;
    w.name_space = "shop";
    w.name = name;
    w.labels = {{"app", name}};
    w.addresses = {*IpAddress::parse(address)};
    ASSERT_FALSE(inventory->add_workload(w));
  }
  const auto file = std::make_shared<SourceFile>("db.yaml", "");
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  Policy p;
  p.name = "db";
  p.tier = "platform";
  p.subject = std::get<Selector>(parse_selector("app=db"));
  std::uint32_t line = 5;
  for (const char* text : {"allow from app=web on tcp/6379", "allow from nodes", "deny from any"}) {
    p.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
    p.ingress.back().span = {file, line++, 5, 1};
  }
  model.policies = {p};
  Diagnostics diagnostics;
  const auto table = compile_policies(model, inventory, diagnostics);
  ASSERT_NE(table, nullptr);

  FlowQuery query{{*IpAddress::parse("10.0.0.2"), *IpAddress::parse("10.0.0.3"), 40000, 80, ip_proto::kTcp}};
  const Explanation denied = explain(*table, query);
  EXPECT_EQ(denied.action, Action::kDeny);
  EXPECT_EQ(
      denied.to_string(*table),
      "tcp 10.0.0.2:40000 -> 10.0.0.3:80  (shop/web to shop/db)\n"
      "  egress of shop/web:\n"
      "    quarantine  no policy for shop/web here\n"
      "    security  no policy for shop/web here\n"
      "    platform  no policy for shop/web here\n"
      "    kubernetes  no NetworkPolicy isolates shop/web here\n"
      "    baseline  no policy for shop/web here\n"
      "    no rule matches: open\n"
      "  ingress of shop/db:\n"
      "    quarantine  no policy for shop/db here\n"
      "    security  no policy for shop/db here\n"
      "    platform  db/ingress/1  \"allow from app=web on tcp/6379\"  db.yaml:5  the port is 80\n"
      "    platform  db/ingress/2  \"allow from nodes\"  db.yaml:6  its peers and port names stand for no address\n"
      "  * platform  db/ingress/3  \"deny from any\"  db.yaml:7  matches: deny\n"
      "deny: db/ingress/3 (db.yaml:7)\n");
  query.tuple.destination_port = 6379;
  EXPECT_NE(explain(*table, query).to_string(*table).find("allow: db/ingress/1 (db.yaml:5)\n"), std::string::npos);
  model.policies[0].ingress[0].limit = LimitSpec{};
  model.policies[0].ingress[0].limit->new_flows = {5, 60};
  const auto limited = compile_policies(model, inventory, diagnostics);
  ASSERT_NE(limited, nullptr);
  EXPECT_NE(explain(*limited, query).to_string(*limited).find("\"allow from app=web on tcp/6379 limit {new: 5/m}\""),
            std::string::npos);
  EXPECT_NE(explain(*limited, query)
                .to_string(*limited)
                .find("  db/ingress/1 admits up to {new: 5/m}; what is beyond: deny\nallow: db/ingress/1"),
            std::string::npos);
  query.tuple.protocol = ip_proto::kUdp;
  EXPECT_NE(explain(*table, query).to_string(*table).find("the protocol is udp"), std::string::npos);
  query.tuple.destination = *IpAddress::parse("192.0.2.1");
  EXPECT_NE(
      explain(*table, query).to_string(*table).find("192.0.2.1: no workload, not judged\nallow: no rule decided\n"),
      std::string::npos);
  FlowQuery ping{{*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00::2"), 0, 0, ip_proto::kIcmpv6}, 135, 0};
  EXPECT_NE(explain(*table, ping).to_string(*table).find("icmp6 [fd00::1] -> [fd00::2] type 135 code 0"),
            std::string::npos);
}

}  // namespace
}  // namespace bulkhead::rules
