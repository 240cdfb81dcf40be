#include "rules/learn/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/classify/classifier.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::rules {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct World {
  std::shared_ptr<Inventory> inventory = std::make_shared<Inventory>();
  FlowEdgeTable edges;

  World() {
    for (const auto& [name, address] : {std::pair{"web-1", "10.0.0.2"}, {"web-2", "10.0.0.3"}, {"db", "10.0.0.4"}}) {
      Workload w;
      w.name = name;
      w.name_space = "x";
      w.labels = {{"app", std::string(name).substr(0, 3)}};
      w.addresses = {*IpAddress::parse(address)};
      EXPECT_FALSE(inventory->add_workload(w));
    }
  }
  // `count` flows, one every `step` seconds from `begin`.
  void flows(const char* from, const char* to, std::uint16_t port, int count, int step, bool answered, int begin = 0) {
    for (int i = 0; i < count; ++i) {
      flow::Flow flow;
      flow.start = Timestamp{std::int64_t{begin + i * step} * 1'000'000'000};
      flow.counts[0].packets = 1;
      flow.counts[1].packets = answered ? 2 : 0;
      flow.counts[1].tcp_flags = answered ? decode::tcp_flag::kSyn | decode::tcp_flag::kAck : 0;
      edges.add({{*IpAddress::parse(from), *IpAddress::parse(to), 1, port, ip_proto::kTcp}}, flow);
    }
  }
  [[nodiscard]] Learned learn() const { return learn_policies(*inventory, edges, LearnSettings{}); }
};

TEST(Learner, ReplicasAreOneRuleWithTheirEvidence) {
  World world;
  world.flows("10.0.0.2", "10.0.0.4", 5432, 20, 10, true);
  world.flows("10.0.0.3", "10.0.0.4", 5432, 20, 10, true);
  const Learned learned = world.learn();
  ASSERT_EQ(learned.policies.size(), 2U);
  const LearnedPolicy& db = learned.policies[0];
  EXPECT_EQ(db.policy.name, "learned-x-db");
  EXPECT_EQ(db.policy.mode, Policy::Mode::kAudit);
  ASSERT_EQ(db.ingress.size(), 1U);
  EXPECT_EQ(db.ingress[0].rule.to_string(), "allow from ns=x app=web on tcp/5432");
  EXPECT_EQ(db.ingress[0].evidence.to_string(learned.windows),
            "40 flows, 40 answered, 2 sources, 1 destinations, 20 of 20 windows, confidence 0.91");
  EXPECT_EQ(db.policy.ingress.back().to_string(), "deny from any log learned");
  EXPECT_TRUE(learned.left_out.empty());
}

TEST(Learner, ThinEvidenceIsNoRule) {
  World world;
  world.flows("10.0.0.2", "10.0.0.4", 1, 4, 20, true);    // few
  world.flows("10.0.0.2", "10.0.0.4", 2, 9, 1, true);     // one window
  world.flows("10.0.0.2", "10.0.0.4", 3, 10, 20, true);   // half of them
  world.flows("10.0.0.2", "10.0.0.4", 3, 10, 20, false);  // without an answer
  const Learned learned = world.learn();
  EXPECT_TRUE(learned.policies.empty());
  ASSERT_EQ(learned.left_out.size(), 3U);
  EXPECT_EQ(learned.left_out[0].reason, "4 answered flows are too few");
  EXPECT_EQ(learned.left_out[1].reason, "seen in 1 windows of 10 s only");
  EXPECT_EQ(learned.left_out[2].reason, "too many flows without an answer");
}

TEST(Learner, AttacksAreFlaggedAndNotLearned) {
  World world;
  world.flows("10.0.0.2", "10.0.0.4", 5432, 30, 10, true);
  for (std::uint16_t port = 1; port <= 15; ++port) world.flows("10.0.0.3", "10.0.0.4", port, 6, 10, false);
  for (int host = 1; host <= 8; ++host) {
    world.flows("10.0.0.3", ("192.0.2." + std::to_string(host)).c_str(), 22, 6, 10, false);
  }
  world.flows("10.0.0.3", "10.0.0.4", 5432, 100, 0, true, 55);
  world.flows("10.0.0.2", "169.254.169.254", 80, 30, 10, true);
  const std::string yaml = world.learn().to_yaml();
  EXPECT_THAT(yaml, HasSubstr("many ports  scan: 15 ports of one host unanswered"));
  EXPECT_THAT(yaml, HasSubstr("tcp/22  sweep: 8 hosts unanswered on this port"));
  EXPECT_THAT(yaml, HasSubstr("tcp/5432  burst: all of it within 10 s"));
  EXPECT_THAT(yaml, HasSubstr("169.254.169.254/32  tcp/80  a metadata service"));
  EXPECT_THAT(yaml, HasSubstr("allow from ns=x app=web on tcp/5432"));
  EXPECT_THAT(yaml, Not(HasSubstr("- allow to 169.254.169.254")));
}

TEST(Learner, ManyHostsOutsideAreTheWorld) {
  World world;
  for (int host = 1; host <= 4; ++host) {
    world.flows(("198.51.100." + std::to_string(host)).c_str(), "10.0.0.2", 443, 10, 10, true);
  }
  world.flows("10.0.0.2", "192.0.2.1", 53, 10, 10, true);
  const Learned learned = world.learn();
  ASSERT_EQ(learned.policies.size(), 1U);
  EXPECT_EQ(learned.policies[0].ingress.at(0).rule.to_string(), "allow from world on tcp/443");
  EXPECT_EQ(learned.policies[0].ingress.at(0).evidence.sources, 4U);
  EXPECT_EQ(learned.policies[0].egress.at(0).rule.to_string(), "allow to 192.0.2.1/32 on tcp/53");
}

// What became a rule is admitted by the proposal, and nothing else between these workloads.
TEST(Learner, TheProposalAdmitsItsEvidence) {
  World world;
  world.flows("10.0.0.2", "10.0.0.4", 5432, 20, 10, true);
  world.flows("10.0.0.4", "10.0.0.3", 9000, 20, 10, true);
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  for (LearnedPolicy& learned : world.learn().policies) {
    learned.policy.mode = Policy::Mode::kEnforce;
    model.policies.push_back(learned.policy);
  }
  Diagnostics d;
  const Classifier classifier(compile_policies(model, world.inventory, d));
  for (const auto& [edge, outcome] : world.edges.edges()) EXPECT_TRUE(classifier.classify(edge.query()).allowed());
  FlowEdge other{*IpAddress::parse("10.0.0.2"), *IpAddress::parse("10.0.0.4"), ip_proto::kTcp, 5433};
  EXPECT_FALSE(classifier.classify(other.query()).allowed());
}

TEST(Learner, WilsonLowerBound) {
  EXPECT_NEAR(wilson_lower_bound(5, 5), 0.566, 0.001);
  EXPECT_NEAR(wilson_lower_bound(100, 100), 0.963, 0.001);
  EXPECT_NEAR(wilson_lower_bound(50, 100), 0.404, 0.001);
  EXPECT_EQ(wilson_lower_bound(0, 0), 0);
  EXPECT_NEAR(wilson_lower_bound(0, 10), 0, 1e-9);
}

}  // namespace
}  // namespace bulkhead::rules
