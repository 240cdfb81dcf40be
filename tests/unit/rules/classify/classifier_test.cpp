#include "rules/classify/classifier.h"

#include <gtest/gtest.h>

#include "rules/classify/plain_verdict.h"
#include "rules/compile/explain.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

using testing::RandomPolicies;
using testing::RandomWorld;

using testing::PolicyKinds;

// At least 100,000 flows.
void compare_with_plain_reading(PolicyKinds kinds) {
  std::size_t compared = 0, denied = 0, audited = 0;
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    RandomPolicies random(seed, kinds);
    const RandomWorld world = random.make();
    if (world.table == nullptr) continue;  // a rule of two families: refused as it should be
    const Classifier classifier(world.table);
    for (int i = 0; i < 1500; ++i) {
      const FlowQuery query = random.flow(world);
      const Decision fast = classifier.classify(query);
      const PlainVerdict slow = plain_verdict(world.model, *world.inventory, query, world.now);
      ++compared;
      denied += fast.allowed() ? 0 : 1;
      audited += fast.audit_count != 0 ? 1 : 0;
      const std::string rule = fast.rule == kNone ? "" : world.table->rules()[fast.rule].key;
      ASSERT_EQ(fast.action, slow.action) << "seed " << seed << "\n"
                                          << explain(*world.table, query).to_string(*world.table);
      ASSERT_EQ(rule, slow.rule) << "seed " << seed << "\n" << explain(*world.table, query).to_string(*world.table);
      ASSERT_EQ(fast.audit_count, std::min(slow.audit.size(), Decision::kMaxAudit));
      for (std::size_t a = 0; a < fast.audit_count; ++a) {
        ASSERT_EQ(world.table->rules()[fast.audit[a]].key, slow.audit[a]) << "seed " << seed;
      }
      const Explanation why = explain(*world.table, query);
      ASSERT_EQ(why.action, fast.action);
      ASSERT_EQ(why.rule, fast.rule);
    }
  }
  EXPECT_GE(compared, 100'000U);
  EXPECT_GT(denied, compared / 10) << "the flows must be worth comparing";
  EXPECT_LT(denied, compared * 9 / 10);
  EXPECT_GT(audited, compared / 100);
}

TEST(Classifier, AgreesWithAPlainReadingOfThePolicies) {
  compare_with_plain_reading(PolicyKinds::kSimple);
}

TEST(Classifier, AgreesWithAPlainReadingOfEveryKindOfPolicy) {
  compare_with_plain_reading(PolicyKinds::kAll);
}

PolicyTablePtr table_of(const std::string& sentence, FlowEnd end) {
  auto inventory = std::make_shared<Inventory>();
  Workload w;
  w.name = "db";
  w.name_space = "shop";
  w.addresses = {*IpAddress::parse("10.0.0.2"), *IpAddress::parse("fd00::2")};
  EXPECT_FALSE(inventory->add_workload(w));
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  Policy policy;
  policy.name = "p";
  policy.tier = "platform";
  auto& rules = end == FlowEnd::kIngress ? policy.ingress : policy.egress;
  rules.push_back(std::get<PolicyRule>(parse_rule(sentence, end)));
  model.policies.push_back(policy);
  Diagnostics diagnostics;
  return compile_policies(model, inventory, diagnostics);
}

TEST(Classifier, LinkSignallingAndSelfAreNeverJudged) {
  const Classifier classifier(table_of("deny from any", FlowEnd::kIngress));
  FlowQuery query{{*IpAddress::parse("fd00::9"), *IpAddress::parse("fd00::2"), 0, 0, ip_proto::kIcmpv6}, 135, 0};
  EXPECT_TRUE(classifier.classify(query).allowed());
  query.icmp_type = 137;  // a redirect is not what a link lives by
  EXPECT_FALSE(classifier.classify(query).allowed());
  query.icmp_type = 143;
  EXPECT_TRUE(classifier.classify(query).allowed());
  query.icmp_type = 128;
  EXPECT_FALSE(classifier.classify(query).allowed());
  query.tuple.source = query.tuple.destination;
  EXPECT_TRUE(classifier.classify(query).allowed());
}

TEST(Classifier, PortRangesIncludeTheirEnds) {
  const Classifier classifier(table_of("deny from any on tcp/10-20, tcp/65535, tcp/0", FlowEnd::kIngress));
  const auto denied = [&](std::uint16_t port, std::uint8_t protocol = ip_proto::kTcp) {
    return !classifier.classify({{*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.2"), 1, port, protocol}})
                .allowed();
  };
  EXPECT_TRUE(denied(10) && denied(20) && denied(15) && denied(0) && denied(65535));
  EXPECT_FALSE(denied(9) || denied(21) || denied(1) || denied(65534));
  EXPECT_FALSE(denied(15, ip_proto::kUdp));
}

TEST(Classifier, EveryProtocolNumberMayBeNamed) {
  std::string sentence = "deny from any on 0";
  for (int p = 1; p < 256; ++p) sentence += ", " + std::to_string(p);
  const Classifier classifier(table_of(sentence, FlowEnd::kIngress));
  for (int p = 0; p < 256; ++p) {
    const FlowQuery query{
        {*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.2"), 1, 2, static_cast<std::uint8_t>(p)}};
    EXPECT_FALSE(classifier.classify(query).allowed()) << p;
  }
}

TEST(Classifier, EgressAndIngressBothCount) {
  const Classifier egress(table_of("deny to any on tcp/80", FlowEnd::kEgress));
  const IpAddress db = *IpAddress::parse("10.0.0.2"), other = *IpAddress::parse("10.0.0.9");
  const Decision out = egress.classify({{db, other, 1, 80, ip_proto::kTcp}});
  EXPECT_EQ(out.action, Action::kDeny);
  EXPECT_EQ(out.egress_rule, out.rule);
  EXPECT_EQ(out.ingress_rule, kNone);
  EXPECT_TRUE(egress.classify({{other, db, 1, 80, ip_proto::kTcp}}).allowed());
}

}  // namespace
}  // namespace bulkhead::rules
