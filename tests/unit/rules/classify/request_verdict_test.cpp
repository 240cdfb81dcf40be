#include "rules/classify/request_verdict.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

struct World {
  std::shared_ptr<Inventory> inventory = std::make_shared<Inventory>();
  PolicyModel model;

  World() {
    model.tiers = PolicyModel::default_tiers();
    for (const char* name : {"a", "b", "c"}) {
      Workload w;
      w.name = name;
      w.name_space = "x";
      w.labels = {{"app", name}};
      w.addresses = {*IpAddress::parse("10.0.0." + std::to_string(name[0] - 'a' + 2))};
      EXPECT_FALSE(inventory->add_workload(w));
    }
    EXPECT_FALSE(
        inventory->add_service({"s", "x", {*IpAddress::parse("10.96.0.1")}, {{6, 80, 8080, ""}}, {"x/a", "x/b"}, {}}));
  }
  // A policy of x/a, NetworkPolicy or of the Admin tier, without rules or with one.
  void guard(const std::string& tier, const std::string& rule) {
    Policy policy;
    policy.name = tier + "-policy";
    policy.tier = tier;
    policy.subject = std::get<Selector>(parse_selector("app=a"));
    policy.isolates_ingress = tier == "kubernetes";
    if (!rule.empty()) policy.ingress = {std::get<PolicyRule>(parse_rule(rule, FlowEnd::kIngress))};
    model.policies.push_back(policy);
  }
  std::string verdict(const std::string& from, const std::string& to, std::uint16_t port) {
    Diagnostics d;
    const Classifier classifier(compile_policies(model, inventory, d));
    const auto judged = judge_request(classifier, {from, to, IpFamily::kV4, 6, port});
    if (const auto* wrong = std::get_if<TextProblem>(&judged)) return wrong->code;
    EXPECT_EQ(disagreement(classifier, std::get<RequestVerdict>(judged)), "");
    return to_string(std::get<RequestVerdict>(judged).word);
  }
};

TEST(RequestVerdict, AServiceIsMixedWhenItsWorkloadsDiffer) {
  World world;
  EXPECT_EQ(world.verdict("x/c", "svc:x/s", 80), "allow");
  world.guard("kubernetes", "");
  EXPECT_EQ(world.verdict("x/c", "svc:x/s", 80), "mixed");
  EXPECT_EQ(world.verdict("x/c", "x/a", 8080), "deny");
  EXPECT_EQ(world.verdict("x/nobody", "x/a", 8080), "flow.unknown_end");
}

TEST(RequestVerdict, ToItselfThroughAService) {
  World world;
  world.guard("kubernetes", "");
  EXPECT_EQ(world.verdict("x/a", "svc:x/s", 80), "allow") << "NetworkPolicy does not stop it";
  World admin;
  admin.guard("security", "deny from pods");
  EXPECT_EQ(admin.verdict("x/a", "svc:x/s", 80), "mixed") << "cluster policies do: denied at a, open at b";
  EXPECT_EQ(admin.verdict("x/a", "x/a", 8080), "allow") << "its own address, without a service";
}

}  // namespace
}  // namespace bulkhead::rules
