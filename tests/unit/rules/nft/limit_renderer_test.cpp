#include "rules/nft/limit_renderer.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nft_printer.h"
#include "tests/unit/rules/nft/fake_nft_transport.h"
#include "tests/unit/rules/nft/nft_evaluator.h"

namespace bulkhead::rules {
namespace {

using testing::FakeNftTransport;
using testing::FakeOutcome;
using testing::FakePacket;
using testing::NftEvaluator;

using Per = LimitSpec::Per;

LimitSpec limit(Rate new_flows, Rate packets = {}, std::uint32_t open = 0, Per per = Per::kRule) {
  LimitSpec out;
  out.new_flows = new_flows;
  out.packets = packets;
  out.open_flows = open;
  out.per = per;
  return out;
}
LimitSpec rejecting(LimitSpec spec) {
  spec.over = Action::kReject;
  return spec;
}

PolicyTablePtr table_with(const LimitSpec& spec, Policy::Mode mode = Policy::Mode::kEnforce) {
  auto inventory = std::make_shared<Inventory>();
  for (const char* name : {"web", "db"}) {
    Workload w;
    w.name = name;
    w.name_space = "shop";
    w.labels = {{"app", name}};
    w.addresses = {*IpAddress::parse(w.name == "web" ? "10.0.0.2" : "10.0.0.3")};
    EXPECT_FALSE(inventory->add_workload(w));
  }
  Policy policy;
  policy.name = "db";
  policy.tier = "platform";
  policy.mode = mode;
  policy.subject = std::get<Selector>(parse_selector("app=db"));
  for (const char* text : {"allow from any on tcp/80", "deny from any on tcp"}) {
    policy.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
  }
  policy.ingress[0].limit = spec;
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  model.policies.push_back(std::move(policy));
  Diagnostics diagnostics;
  return compile_policies(model, inventory, diagnostics);
}

// web opens a connection to port 80 of db.
FakePacket opening() {
  FakePacket p;
  p.protocol = 6;
  p.network = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 3};
  p.transport = {0x80, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0};
  p.in_interface = "br0";
  return p;
}

struct Seen {
  FakeOutcome outcome;
  std::vector<std::string> counted;
};
Seen run(const LimitSpec& spec, NftFamily family, const std::vector<std::string>& empty,
         FakePacket packet = opening()) {
  const PolicyTablePtr table = table_with(spec);
  const bool inet = family == NftFamily::kInet;
  const NftRuleset ruleset = render_ruleset(table.get(), {inet, inet}, {});
  NftEvaluator kernel(*ruleset.table(family, "bulkhead"));
  kernel.exhaust(empty);
  const FakeOutcome outcome = kernel.run("forward", packet);
  return {outcome, kernel.counted()};
}
using Names = std::vector<std::string>;

// A rule that counts packets has to see each of them.
TEST(LimitRenderer, NothingPassesAheadOfALimitOnPackets) {
  for (const bool inet : {false, true}) {
    for (const bool counts : {false, true}) {
      const LimitSpec spec = counts ? limit({}, {10, 1}) : limit({10, 1});
      const NftRuleset ruleset = render_ruleset(table_with(spec).get(), {inet, inet}, {});
      const NftTable& table = *ruleset.table(inet ? NftFamily::kInet : NftFamily::kBridge, "bulkhead");
      std::string forward;
      for (const NftRule& rule : table.chain("forward")->rules) forward += print_rule(rule) + "\n";
      EXPECT_EQ(forward.find("admitted before") == std::string::npos, counts) << forward;
    }
  }
}

TEST(LimitRenderer, WithinTheLimitItIsAnAllowRule) {
  for (const NftFamily family : {NftFamily::kInet, NftFamily::kBridge}) {
    for (const LimitSpec& spec :
         {limit({5, 1}), limit({}, {5, 60}, 0, Per::kSource), limit({5, 1}, {9, 1}, 0, Per::kDestination)}) {
      const Seen seen = run(spec, family, {});
      EXPECT_EQ(seen.outcome, FakeOutcome::kAccept) << spec.to_string();
      EXPECT_EQ(seen.counted, Names{"db/ingress/1"}) << spec.to_string();
    }
  }
}

TEST(LimitRenderer, EachBucketThatIsEmptyRefuses) {
  const LimitSpec all = limit({5, 1}, {9, 1}, 3, Per::kSource);
  for (const char* empty : {"new4-", "packets4-", "open4-"}) {
    const Seen seen = run(all, NftFamily::kInet, {empty});
    EXPECT_EQ(seen.outcome, FakeOutcome::kDrop) << empty;
    EXPECT_EQ(seen.counted, Names{"db/ingress/1/over"}) << "the deny rule behind it is not asked";
  }
  EXPECT_EQ(run(all, NftFamily::kInet, {"new6-", "packets6-", "open6-"}).outcome, FakeOutcome::kAccept);
  EXPECT_EQ(run(rejecting(limit({5, 1})), NftFamily::kInet, {"new-"}).outcome, FakeOutcome::kReject);
  EXPECT_EQ(run(rejecting(limit({5, 1})), NftFamily::kBridge, {"new-"}).outcome, FakeOutcome::kDrop);
}

TEST(LimitRenderer, AFlowIsBegunOnce) {
  FakePacket again = opening();
  again.ct_confirmed = true;
  EXPECT_EQ(run(limit({5, 1}), NftFamily::kInet, {"new-"}, again).outcome, FakeOutcome::kAccept);
  EXPECT_EQ(run(limit({5, 1}, {5, 1}), NftFamily::kInet, {"new-"}, again).outcome, FakeOutcome::kAccept);
  EXPECT_EQ(run(limit({5, 1}, {5, 1}), NftFamily::kInet, {"packets-"}, again).outcome, FakeOutcome::kDrop);
}

TEST(LimitRenderer, EstablishedFlowsOfAPacketLimitAreAskedFirst) {
  const PolicyTablePtr table = table_with(limit({}, {5, 1}));
  NftRuleset ruleset = render_ruleset(table.get(), {true, true}, {});
  FakePacket packet = opening();
  packet.ct_state = 2;
  packet.ct_confirmed = true;
  NftTable& inet = ruleset.tables.back();
  EXPECT_EQ(print_rule(inet.chain("judge")->rules[0]), "ct direction 0 jump paced");
  {
    NftEvaluator kernel(inet);
    kernel.exhaust({"packets-"});
    EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept) << "another rule admitted it";
  }
  for (NftSet& set : inet.sets) {
    if (!set.name.starts_with("paced4-")) continue;
    NftElement flow;
    flow.key = {10, 0, 0, 2, 10, 0, 0, 3, 6, 0, 0, 0, 0x80, 0, 0, 0, 0, 80, 0, 0};
    set.elements.push_back(flow);
  }
  NftEvaluator kernel(inet);
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept);
  EXPECT_EQ(kernel.counted(), Names{"db/ingress/1"});
  kernel.exhaust({"packets-"});
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kDrop);
  EXPECT_EQ(kernel.counted(), Names{"db/ingress/1/over"});
  packet.ct_reply = true;
  EXPECT_EQ(kernel.run("forward", packet), FakeOutcome::kAccept) << "answers are not counted";
}

TEST(LimitRenderer, OtherLimitsCostEstablishedFlowsNothing) {
  const NftRuleset ruleset = render_ruleset(table_with(limit({5, 1})).get(), {true, true}, {});
  EXPECT_EQ(ruleset.table(NftFamily::kInet, "bulkhead")->chain("paced"), nullptr);
}

TEST(LimitRenderer, BucketsHaveTheRatesOfTheRule) {
  LimitSpec spec = limit({1, 3600}, {}, 0, Per::kSource);
  spec.burst = 100;
  spec.prefix4 = 24;
  spec.prefix6 = 56;
  const NftRuleset ruleset = render_ruleset(table_with(spec).get(), {true, true}, {});
  const std::string text = print_ruleset(ruleset);
  EXPECT_NE(text.find("ip saddr & 0xffffff00 timeout 86400000ms limit rate 1/3600s burst 100"), std::string::npos)
      << text;
  EXPECT_NE(text.find("ip6 saddr & 0xffffffffffffff000000000000000000"), std::string::npos) << text;
}

TEST(LimitRenderer, AnAuditPolicyLimitsNobody) {
  const NftRuleset ruleset = render_ruleset(table_with(limit({1, 3600}), Policy::Mode::kAudit).get(), {true, true}, {});
  EXPECT_EQ(print_ruleset(ruleset).find("limit-"), std::string::npos);
}

TEST(LimitRenderer, TheEnforcerLoadsItTwiceWithoutAChangeAndRefusesWhatItCannotCount) {
  FakeNftTransport kernel;
  Enforcer enforcer(kernel);
  LimitSpec spec = limit({5, 1}, {9, 1}, 3, Per::kSource);
  spec.log = LogSpec{"shield"};
  const PolicyTablePtr table = table_with(spec);
  ASSERT_TRUE(enforcer.load(table, {true, true}));
  const auto again = enforcer.load(table, {true, true});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->changes, 0U);
  const auto refused = enforcer.load(table, {false, true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ENOTSUP);
}

}  // namespace
}  // namespace bulkhead::rules
