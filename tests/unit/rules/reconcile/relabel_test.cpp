#include "rules/reconcile/relabel.h"

#include <gtest/gtest.h>

#include "rules/nft/enforcer.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

using testing::FakeNftTransport;
using testing::RandomPolicies;
using testing::RandomWorld;

Workload with_other_labels(Workload workload, RandomPolicies& random) {
  const char* const kApps[] = {"web", "db", "api"};
  const char* const kEnvs[] = {"prod", "test", ""};
  workload.labels.clear();
  if (!random.chance(4)) workload.labels["app"] = kApps[random.pick(3)];
  if (random.chance(2)) workload.labels["env"] = kEnvs[random.pick(3)];
  return workload;
}

std::shared_ptr<Inventory> inventory_with(const Inventory& inventory, const std::map<std::string, Workload>& changed) {
  auto out = std::make_shared<Inventory>();
  for (const Node& node : inventory.nodes()) static_cast<void>(out->add_node(node));
  for (const Workload& workload : inventory.workloads()) {
    const auto other = changed.find(workload.full_name());
    static_cast<void>(out->add_workload(other == changed.end() ? workload : other->second));
  }
  return out;
}

// Everything that a full load wants is there; what is left over is used by nobody.
void expect_as_after_a_full_load(const NftRuleset& full, const NftRuleset& kernel, const std::string& where) {
  for (const std::string& finding : compare_rulesets(full, kernel).findings) {
    const bool unused = finding.starts_with("chain ") || finding.starts_with("set ") ||
                        (finding.starts_with("element ") && finding.find("-classes in table") != std::string::npos);
    const bool left_over = unused && finding.find("does not belong") != std::string::npos;
    EXPECT_TRUE(left_over) << where << ": " << finding;
  }
}

TEST(Relabel, MakesWhatAFullLoadWouldMake) {
  std::size_t relabelled = 0, moved = 0;
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    RandomPolicies random(seed);
    const RandomWorld world = random.make();
    if (world.table == nullptr || world.inventory->workloads().empty()) continue;
    const EnforcementMode mode{seed % 2 == 0, seed % 3 != 0};
    FakeNftTransport kernel;
    NftSettings settings;
    settings.classes = seed % 5 < 2;  // as large tables have them
    Enforcer enforcer(kernel, settings);
    ASSERT_TRUE(enforcer.load(world.table, mode));
    Relabel relabel(world.table, mode, enforcer.settings());
    std::map<std::string, Workload> changed;
    for (int step = 0; step < 12; ++step) {
      std::vector<Workload> now;
      for (unsigned i = random.pick(3) + 1; i > 0; --i) {
        const auto& all = world.inventory->workloads();
        const Workload next = with_other_labels(all[random.pick(all.size())], random);
        const bool twice = std::any_of(now.begin(), now.end(), [&](const Workload& w) { return w.name == next.name; });
        if (!twice) now.push_back(next);
      }
      auto plan = relabel.plan(now, enforcer.desired());
      if (!plan) continue;  // a full load then
      const RulesetDifference change = compare_rulesets(plan->after, plan->before);
      ASSERT_TRUE(enforcer.amend(change.batch, [&](NftRuleset& ruleset) { relabel.commit(*plan, ruleset); }));
      ++relabelled;
      moved += change.batch.empty() ? 0 : 1;
      for (const Workload& workload : now) changed.insert_or_assign(workload.full_name(), workload);
      const auto proof = enforcer.verify();
      ASSERT_TRUE(proof);
      ASSERT_TRUE(proof->empty()) << "seed " << seed << ": " << proof->front();
      Diagnostics diagnostics;
      const auto full = compile_policies(world.model, inventory_with(*world.inventory, changed), diagnostics);
      ASSERT_NE(full, nullptr);
      expect_as_after_a_full_load(render_ruleset(full.get(), mode, settings), kernel.kernel,
                                  "seed " + std::to_string(seed) + " step " + std::to_string(step));
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(relabelled, 300U);
  EXPECT_GT(moved, 100U);
}

TEST(Relabel, LeavesOtherChangesToAFullLoad) {
  RandomPolicies random(3);
  RandomWorld world = random.make();
  for (std::uint64_t seed = 4; world.table == nullptr; ++seed) world = RandomPolicies(seed).make();
  Relabel relabel(world.table, {true, true}, {});
  const NftRuleset current = render_ruleset(world.table.get(), {true, true}, {});
  Workload moved = world.inventory->workloads()[0];
  EXPECT_TRUE(relabel.plan({moved}, current));
  moved.addresses[0] = *IpAddress::parse("10.9.9.9");
  EXPECT_FALSE(relabel.plan({moved}, current)) << "another address";
  Workload renamed = world.inventory->workloads()[0];
  renamed.name = "somebody-new";
  EXPECT_FALSE(relabel.plan({renamed}, current));
}

}  // namespace
}  // namespace bulkhead::rules
