#include "rules/compile/policy_lint.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

class PolicyLintTest : public ::testing::Test {
 protected:
  PolicyLintTest() {
    model_.tiers = PolicyModel::default_tiers();
    workload("shop", "web", {{"app", "web"}}, "10.0.0.1");
    workload("shop", "db", {{"app", "db"}}, "10.0.0.2");
    workload("pay", "api", {{"app", "api"}}, "10.0.0.3");
  }
  void workload(const std::string& space, const std::string& name, const Labels& labels, const char* address) {
    Workload w;
    w.name_space = space;
    w.name = name;
    w.labels = labels;
    w.addresses = {*IpAddress::parse(address)};
    EXPECT_FALSE(inventory_->add_workload(std::move(w)));
  }
  Policy& policy(const std::string& name, const std::string& subject, std::initializer_list<const char*> ingress,
                 const char* tier = "platform") {
    Policy p;
    p.name = name;
    p.tier = tier;
    p.subject = std::get<Selector>(parse_selector(subject));
    for (const char* text : ingress) p.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
    model_.policies.push_back(std::move(p));
    return model_.policies.back();
  }
  // "code: message" of each finding.
  std::vector<std::string> findings() {
    Diagnostics compiling, found;
    const auto table = compile_policies(model_, inventory_, compiling);
    EXPECT_NE(table, nullptr);
    if (table != nullptr) lint_policies(*table, found);
    std::vector<std::string> out;
    for (const Diagnostic& d : found.all()) out.push_back(d.code + ": " + d.message);
    return out;
  }
  std::shared_ptr<Inventory> inventory_ = std::make_shared<Inventory>();
  PolicyModel model_;
};

TEST_F(PolicyLintTest, NothingToSay) {
  policy("p", "app=db", {"allow from app=web on tcp/5432", "deny from any"});
  EXPECT_TRUE(findings().empty());
}

TEST_F(PolicyLintTest, ARuleBelowOneThatTakesAll) {
  policy("p", "app=db", {"deny from any", "allow from app=web on tcp/5432"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0],
            "lint.policy.shadowed: p/ingress/2: never decides; what stands above takes all of it: p/ingress/1");
}

TEST_F(PolicyLintTest, SeveralRulesTakeItTogether) {
  policy("p", "app=db", {"allow from app=web", "deny from app=api", "deny from app in (web, api) on tcp/5432"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("p/ingress/1, p/ingress/2"), std::string::npos) << found[0];
}

TEST_F(PolicyLintTest, PortsThatAreLeftAreEnough) {
  policy("p", "app=db", {"deny from any on tcp/1-1000", "allow from app=web on tcp/1000-1001"});
  EXPECT_TRUE(findings().empty());
}

TEST_F(PolicyLintTest, AddressesThatAreLeftAreEnough) {
  policy("p", "app=db", {"deny from 10.0.0.0/31", "allow from 10.0.0.0/30"});
  EXPECT_TRUE(findings().empty());
}

TEST_F(PolicyLintTest, OtherPoliciesAndTiersCount) {
  policy("first", "any", {"deny from any"}, "security");
  policy("second", "app=db", {"allow from app=web"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("second/ingress/1"), std::string::npos) << found[0];
}

TEST_F(PolicyLintTest, DecidingAtOneWorkloadIsEnough) {
  policy("first", "app=db", {"deny from any"}, "security");
  policy("second", "any", {"allow from app=web"});
  EXPECT_TRUE(findings().empty());
}

TEST_F(PolicyLintTest, APassEndsItsTierAlone) {
  policy("first", "app=db", {"pass from any", "deny from app=api"}, "security");
  policy("second", "app=db", {"deny from app=web"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("first/ingress/2"), std::string::npos) << found[0];
}

TEST_F(PolicyLintTest, AnAuditPolicyTakesNothingFromOthers) {
  Policy& audit = policy("first", "app=db", {"deny from any", "deny from app=web"}, "security");
  audit.mode = Policy::Mode::kAudit;
  policy("second", "app=db", {"deny from app=web"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("first/ingress/2"), std::string::npos) << found[0];
}

TEST_F(PolicyLintTest, NobodyAtEitherEnd) {
  policy("p", "app=db", {"allow from app=wbe"});
  policy("q", "app=bd", {"deny from any"});
  const auto found = findings();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "lint.policy.no_peer: p/ingress/1: its peers are nobody now");
  EXPECT_EQ(found[1], "lint.policy.guards_nobody: q: selects no workload now");
}

}  // namespace
}  // namespace bulkhead::rules
