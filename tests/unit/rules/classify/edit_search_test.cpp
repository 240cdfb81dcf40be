#include "rules/classify/edit_search.h"

#include <gtest/gtest.h>

#include "rules/classify/plain_verdict.h"
#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

struct World {
  std::shared_ptr<Inventory> inventory = std::make_shared<Inventory>();
  PolicyModel model;
  SourceFilePtr file = std::make_shared<SourceFile>("p.yaml", "");

  World() {
    model.tiers = PolicyModel::default_tiers();
    for (const char* name : {"web", "db", "cron"}) {
      Workload w;
      w.name = name;
      w.name_space = "x";
      w.labels = {{"app", name}};
      w.addresses = {*IpAddress::parse("10.0.0." + std::to_string(2 + inventory->workloads().size()))};
      EXPECT_FALSE(inventory->add_workload(w));
    }
  }
  Policy& add(const std::string& name, const std::string& tier, const std::string& subject) {
    Policy policy;
    policy.name = name;
    policy.tier = tier;
    policy.subject = std::get<Selector>(parse_selector(subject));
    policy.span = {file, 1, 1, 1};
    model.policies.push_back(policy);
    return model.policies.back();
  }
  void rule(Policy& policy, const std::string& text) {
    policy.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
    policy.ingress.back().span = {file, static_cast<std::uint32_t>(4 + policy.ingress.size()), 5, 1};
  }
  std::optional<EditProposal> edit(std::uint16_t port) {
    Diagnostics d;
    const FlowQuery query{{*IpAddress::parse("10.0.0.2"), *IpAddress::parse("10.0.0.3"), 1, port, ip_proto::kTcp}};
    return smallest_edit(*compile_policies(model, inventory, d), query);
  }
};

TEST(EditSearch, OneRuleForTheseTwoEnds) {
  World world;
  Policy& db = world.add("db", "platform", "app=db");
  world.rule(db, "allow from app=cron");
  world.rule(db, "deny from any");
  const auto open = world.edit(6379);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->to_string(),
            "  p.yaml:6, above this rule of db, add:\n"
            "    + - allow from ns=x pod=web on tcp/6379\n"
            "  other flows between workloads that change on this port: 0\n");
}

TEST(EditSearch, ARuleLessWhenItHarmsNobodyElse) {
  World world;
  Policy& db = world.add("db", "platform", "app=db");
  world.rule(db, "allow from app=web on tcp/6379");
  world.rule(db, "deny from any");
  const auto close = world.edit(6379);
  ASSERT_TRUE(close);
  ASSERT_EQ(close->edits.size(), 1U);
  EXPECT_EQ(close->edits[0].lines, 1U);
  EXPECT_EQ(close->other_flows, 0U);
}

TEST(EditSearch, ManifestsAndOpenFlows) {
  World world;
  EXPECT_NE(world.edit(80)->to_string().find("+ policy: deny-egress-web-80\n"), std::string::npos);
  Policy& np = world.add("np:x/db", "kubernetes", "app=db");
  np.origin = Policy::Origin::kNetworkPolicy;
  np.isolates_ingress = true;
  EXPECT_EQ(world.edit(80)->edits.at(0).text,
            "- {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \"x\"}}, podSelector: "
            "{matchLabels: {app: \"web\"}}}], ports: [{protocol: TCP, port: 80}]}");
}

TEST(EditSearch, BothEndsRefuse) {
  World world;
  for (const char* app : {"web", "db"}) {
    Policy& policy = world.add(std::string("np:x/") + app, "kubernetes", std::string("app=") + app);
    policy.origin = Policy::Origin::kNetworkPolicy;
    policy.isolates_ingress = policy.isolates_egress = true;
  }
  const auto open = world.edit(80);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->edits.size(), 2U);
}

// Whatever is proposed does flip the flow, by the plain reading too.
TEST(EditSearch, ProposalsFlipRandomFlows) {
  std::size_t proposed = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    testing::RandomPolicies random(seed, testing::PolicyKinds::kAll);
    testing::RandomWorld world = random.make();
    for (Policy& policy : world.model.policies) policy.expires.reset();
    Diagnostics d;
    const auto table = compile_policies(world.model, world.inventory, d);
    if (table == nullptr) continue;
    for (int i = 0; i < 3; ++i) {
      const FlowQuery query = random.flow(world);
      const auto edit = smallest_edit(*table, query);
      if (!edit) continue;
      ++proposed;
      const bool before = plain_verdict(world.model, *world.inventory, query).action == Action::kAllow;
      EXPECT_NE(plain_verdict(edit->model, *world.inventory, query).action == Action::kAllow, before)
          << "seed " << seed;
    }
  }
  EXPECT_GT(proposed, 50U);
}

}  // namespace
}  // namespace bulkhead::rules
