#include "rules/compile/policy_compiler.h"

#include <gtest/gtest.h>

#include "rules/compile/explain.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

class PolicyCompilerTest : public ::testing::Test {
 protected:
  PolicyCompilerTest() { model_.tiers = PolicyModel::default_tiers(); }

  void workload(const std::string& space, const std::string& name, const Labels& labels,
                std::initializer_list<const char*> addresses, bool host_network = false) {
    Workload w;
    w.name_space = space;
    w.name = name;
    w.labels = labels;
    w.host_network = host_network;
    for (const char* a : addresses) w.addresses.push_back(*IpAddress::parse(a));
    ASSERT_FALSE(inventory_->add_workload(std::move(w)));
  }
  Policy& policy(const std::string& name, const std::string& tier, const std::string& subject) {
    Policy p;
    p.name = name;
    p.tier = tier;
    p.subject = std::get<Selector>(parse_selector(subject));
    model_.policies.push_back(std::move(p));
    return model_.policies.back();
  }
  static PolicyRule rule(const std::string& text, FlowEnd end = FlowEnd::kIngress) {
    auto parsed = parse_rule(text, end);
    EXPECT_TRUE(std::holds_alternative<PolicyRule>(parsed)) << text;
    return std::get<PolicyRule>(parsed);
  }
  PolicyTablePtr compile() { return compile_policies(model_, inventory_, diagnostics_); }
  static Action verdict(const PolicyTable& table, const char* from, const char* to, std::uint16_t port = 80) {
    return explain(table, {{*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, ip_proto::kTcp}}).action;
  }

  std::shared_ptr<Inventory> inventory_ = std::make_shared<Inventory>();
  PolicyModel model_;
  Diagnostics diagnostics_;
};

TEST_F(PolicyCompilerTest, NothingIsClosedThatNoLineCloses) {
  workload("shop", "db", {{"app", "db"}}, {"10.0.0.2"});
  policy("p", "platform", "app=db").ingress = {rule("allow from 10.0.0.9 on tcp/80")};
  const auto table = compile();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(verdict(*table, "10.0.0.8", "10.0.0.2"), Action::kAllow);
}

TEST_F(PolicyCompilerTest, TiersAndOrders) {
  workload("shop", "db", {{"app", "db"}}, {"10.0.0.2"});
  policy("late", "platform", "any").ingress = {rule("deny from any")};
  policy("unordered", "security", "any").ingress = {rule("deny from any")};
  Policy& second = policy("second", "security", "any");
  second.order = 20;
  second.ingress = {rule("allow from any on tcp/80")};
  Policy& first = policy("first", "security", "any");
  first.order = 10;
  first.ingress = {rule("pass from 10.0.0.9"), rule("deny from 10.0.0.8")};
  const auto table = compile();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(verdict(*table, "10.0.0.8", "10.0.0.2"), Action::kDeny);
  EXPECT_EQ(verdict(*table, "10.0.0.7", "10.0.0.2"), Action::kAllow) << "second comes before unordered";
  EXPECT_EQ(verdict(*table, "10.0.0.9", "10.0.0.2"), Action::kDeny) << "pass leaves the whole tier; late denies";
}

TEST_F(PolicyCompilerTest, EndOfTierIsAWrittenWord) {
  workload("shop", "db", {{"app", "db"}}, {"10.0.0.2"});
  workload("shop", "web", {{"app", "web"}}, {"10.0.0.3"});
  model_.tiers[2].end = Action::kDeny;
  policy("p", "platform", "app=db").ingress = {rule("allow from app=web")};
  const auto table = compile();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(verdict(*table, "10.0.0.3", "10.0.0.2"), Action::kAllow);
  EXPECT_EQ(verdict(*table, "10.0.0.9", "10.0.0.2"), Action::kDeny);
  EXPECT_EQ(verdict(*table, "10.0.0.9", "10.0.0.3"), Action::kAllow) << "no policy of the tier guards web";
  EXPECT_EQ(verdict(*table, "10.0.0.2", "10.0.0.9"), Action::kAllow) << "nor the other direction";
  const Explanation why = explain(*table, {{*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.2"), 1, 2, 6}});
  EXPECT_EQ(table->rules()[why.rule].text, "end of tier platform: deny");
}

TEST_F(PolicyCompilerTest, WorldPodsNodesAndSelfNamespace) {
  workload("a", "one", {}, {"10.0.0.2", "fd00::2"});
  workload("a", "two", {}, {"10.0.0.3"});
  workload("b", "three", {}, {"10.0.0.4"});
  workload("sys", "agent", {}, {"10.0.0.5"}, true);
  ASSERT_FALSE(inventory_->add_node({"n1", {}, {*IpAddress::parse("10.0.0.1")}, {}}));
  policy("p", "platform", "any").ingress = {rule("reject from nodes"), rule("allow from self-ns"),
                                            rule("deny from pods"), rule("reject from world")};
  const auto table = compile();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(verdict(*table, "10.0.0.3", "10.0.0.2"), Action::kAllow);
  EXPECT_EQ(verdict(*table, "10.0.0.4", "10.0.0.2"), Action::kDeny);
  EXPECT_EQ(verdict(*table, "10.0.0.3", "10.0.0.4"), Action::kDeny) << "self-ns goes by the guarded workload";
  EXPECT_EQ(verdict(*table, "10.0.0.1", "10.0.0.2"), Action::kReject);
  EXPECT_EQ(verdict(*table, "10.0.0.5", "10.0.0.2"), Action::kReject) << "host network is the node";
  EXPECT_EQ(verdict(*table, "192.0.2.1", "10.0.0.2"), Action::kReject);
  EXPECT_EQ(verdict(*table, "2001:db8::1", "fd00::2"), Action::kReject);
  EXPECT_EQ(verdict(*table, "10.0.0.3", "10.0.0.5"), Action::kAllow) << "nobody guards a node";
}

TEST_F(PolicyCompilerTest, ExceptIsAHoleInItsOwnBlock) {
  workload("shop", "db", {}, {"10.0.0.2"});
  policy("p", "platform", "any").ingress = {rule("allow from 10.1.0.0/16 !10.1.2.0/24, 10.1.2.7"), rule("deny")};
  const auto table = compile();
  EXPECT_EQ(verdict(*table, "10.1.1.255", "10.0.0.2"), Action::kAllow);
  EXPECT_EQ(verdict(*table, "10.1.2.0", "10.0.0.2"), Action::kDeny);
  EXPECT_EQ(verdict(*table, "10.1.2.255", "10.0.0.2"), Action::kDeny);
  EXPECT_EQ(verdict(*table, "10.1.2.7", "10.0.0.2"), Action::kAllow) << "another block may admit it";
  EXPECT_EQ(verdict(*table, "10.1.3.0", "10.0.0.2"), Action::kAllow);
}

TEST_F(PolicyCompilerTest, AuditDecidesNothingAndPassesOn) {
  workload("shop", "db", {}, {"10.0.0.2"});
  Policy& audit = policy("audit", "security", "any");
  audit.mode = Policy::Mode::kAudit;
  audit.ingress = {rule("deny from 10.0.0.9"), rule("allow from any"), rule("deny from any")};
  policy("p", "platform", "any").ingress = {rule("deny from 10.0.0.8")};
  const auto table = compile();
  EXPECT_EQ(verdict(*table, "10.0.0.9", "10.0.0.2"), Action::kAllow);
  EXPECT_EQ(verdict(*table, "10.0.0.8", "10.0.0.2"), Action::kDeny);
}

TEST_F(PolicyCompilerTest, AlikeWorkloadsShareTheirProgram) {
  for (int i = 2; i < 200; ++i) {
    workload("shop", "w" + std::to_string(i), {{"app", "web"}}, {("10.0.0." + std::to_string(i)).c_str()});
  }
  policy("p", "platform", "app=web").ingress = {rule("allow from app=web"), rule("deny from any")};
  const auto table = compile();
  EXPECT_EQ(table->programs().size(), 1U);
  EXPECT_EQ(table->matches().size(), 2U);
  EXPECT_EQ(table->matches()[0].peers.v4().size(), 1U) << "198 addresses are one range";
}

TEST_F(PolicyCompilerTest, UnknownLabelsAreWarnedOf) {
  workload("shop", "db", {{"app", "db"}, {"tier", "x"}}, {"10.0.0.2"});
  policy("p", "platform", "tear=x").ingress = {rule("allow from ap=db"), rule("deny from !has nothing")};
  EXPECT_NE(compile(), nullptr);
  ASSERT_EQ(diagnostics_.warning_count(), 2U);
  EXPECT_EQ(diagnostics_.all()[0].code, "policy.selector.unknown_label");
  EXPECT_EQ(diagnostics_.all()[0].hint, "did you mean \"tier\"?");
}

TEST_F(PolicyCompilerTest, ARuleOfTwoFamiliesIsAnError) {
  workload("shop", "db", {}, {"10.0.0.2"});
  policy("p", "platform", "any").ingress = {rule("deny from fd00::/8 on icmp/8"),
                                            rule("deny from fd00::/8 on icmp/echo-request")};
  EXPECT_EQ(compile(), nullptr);
  ASSERT_EQ(diagnostics_.error_count(), 1U);
  EXPECT_EQ(diagnostics_.all()[0].code, "policy.rule.family_mismatch");
}

TEST_F(PolicyCompilerTest, TableInWords) {
  workload("shop", "db", {}, {"10.0.0.2"});
  PolicyRule placed = rule("deny from 10.9.0.0/16 on tcp/22");
  placed.span = {std::make_shared<SourceFile>("p.yaml", "\n\n"), 3, 5, 4};
  policy("p", "platform", "any").ingress = {placed};
  const auto table = compile();
  EXPECT_EQ(
      table->to_string(),
      "program 0: ingress of shop/db\n  platform  p/ingress/1  deny 10.9.0.0-10.9.255.255 on tcp/22  # p.yaml:3\n");
  EXPECT_EQ(table->rule_named("p/ingress/1"), 0U);
  EXPECT_EQ(table->rule_named("p/ingress/2"), kNone);
}

}  // namespace
}  // namespace bulkhead::rules
