#include "config/load/policy_yaml.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bulkhead::config {
namespace {

rules::PolicyModel load(const std::string& text, Diagnostics& diagnostics) {
  return load_policies(read_yaml(std::make_shared<SourceFile>("p.yaml", text), diagnostics), diagnostics);
}
std::string printed(const Diagnostics& diagnostics) {
  std::ostringstream out;
  diagnostics.print(out);
  return out.str();
}
std::vector<std::string> codes(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const auto& d : diagnostics.all()) out.push_back(d.code);
  return out;
}

TEST(PolicyYaml, SentencesAndMapsAreTheSame) {
  Diagnostics d;
  const auto model = load(R"(policy: payments
tier: platform
order: 20
mode: enforce
for: ns=pay app in (api, worker)
ingress:
  - allow from ns=web app=gateway on tcp/8443
  - {allow: {from: ns=web app=gateway, ports: [tcp/8443]}}
  - allow from 10.20.0.0/16 !10.20.9.0/24, app=x on tcp/9100-9110, icmp/echo-request
  - {allow: {from: ['10.20.0.0/16 !10.20.9.0/24', app=x], ports: tcp/9100-9110, icmp: [echo-request]}}
  - deny from any log pay-in
  - {deny: {log: pay-in}}
egress:
  - {reject: {to: any, log: {label: out, rate: 50/s}}}
  - pass to pods
)",
                          d);
  ASSERT_EQ(d.error_count(), 0U) << printed(d);
  ASSERT_EQ(model.policies.size(), 1U);
  const rules::Policy& p = model.policies[0];
  EXPECT_EQ(p.order, 20);
  ASSERT_EQ(p.ingress.size(), 6U);
  for (std::size_t i = 0; i < 4; i += 2) {
    EXPECT_EQ(p.ingress[i].to_string(), p.ingress[i + 1].to_string());
    EXPECT_EQ(p.ingress[i].span.line, 7 + i);
  }
  EXPECT_EQ(p.ingress[5].log->label, "pay-in");
  EXPECT_EQ(p.egress[0].log->rate_per_second, 50U);
  EXPECT_EQ(model.tiers.size(), 5U) << "the default tiers";
}

TEST(PolicyYaml, TiersAuditAndManyDocuments) {
  Diagnostics d;
  const auto model = load(R"(tiers: [{name: first, end: deny}, {name: second}]
---
policy: a
tier: second
mode: audit
for: any
ingress: [deny from any]
---
policy: b
tier: first
for: pods
egress: [{allow: {}}]
)",
                          d);
  ASSERT_EQ(d.error_count(), 0U) << printed(d);
  EXPECT_EQ(model.tiers[0].end, rules::Action::kDeny);
  EXPECT_EQ(model.tiers[1].end, rules::Action::kPass);
  EXPECT_EQ(model.policies[0].mode, rules::Policy::Mode::kAudit);
  EXPECT_EQ(model.policies[1].egress[0].to_string(), "allow to any");
}

TEST(PolicyYaml, ErrorsHavePlacesInsideTheSentence) {
  Diagnostics d;
  load("policy: p\nfor: app=x\ningress:\n  - allow from app=web on tpc/80\n  - 'deny from 10.0.0.300'\n", d);
  ASSERT_EQ(d.error_count(), 2U);
  EXPECT_EQ(Diagnostics::format(d.all()[0]),
            "p.yaml:4:27-29: error[policy.port.unknown_protocol]: unknown protocol \"tpc\"\n"
            "   4 |   - allow from app=web on tpc/80\n"
            "     |                           ^^^\n"
            "  hint: did you mean \"tcp\"?\n");
  EXPECT_EQ(d.all()[1].span.column, 16U) << "behind the quote";
}

TEST(PolicyYaml, ManyErrorsInOneRun) {
  Diagnostics d;
  const auto model = load(R"(policy: one
teir: platform
for: app
ingres: []
---
policy: two
for: any
mode: adit
order: -1
ingress:
  - allow to any
  - {alow: {from: any}}
  - {allow: {form: any}, deny: {}}
  - {allow: {to: any, l7: {}, from: []}}
  - [x]
  - {deny: {log: {rate: fast}}}
  - {deny: {log: a-label-that-is-longer-than-thirty-two-characters}}
---
policy: three
tier: plaform
order: 5
for: any
expires: soon
egress: [deny]
---
policy: four
order: 7
for: any
egress: [deny]
---
policy: five
order: 7
for: any
egress: [deny]
---
policy: five
for: any
egress: [deny]
---
policy: six
for: any
---
policy: seven
tier: plaform
for: any
egress: [deny]
)",
                          d);
  EXPECT_EQ(codes(d), (std::vector<std::string>{
                          "policy.selector.syntax", "yaml.unknown_key", "yaml.unknown_key",  // one
                          "yaml.out_of_range", "yaml.bad_value", "policy.rule.direction", "policy.rule.unknown_action",
                          "policy.rule.shape", "policy.rule.empty_list", "policy.rule.direction", "policy.unsupported",
                          "policy.rule.shape", "policy.rate",
                          "policy.log.label",  // two
                          "policy.expires",    // three
                          "policy.no_rules", "policy.name.twice", "policy.tier.unknown", "policy.order.twice"}))
      << printed(d);
  EXPECT_EQ(model.policies.size(), 4U) << "four, five, six, seven";
  EXPECT_EQ(d.warning_count(), 1U);
  for (const auto& x : d.all()) EXPECT_NE(x.span.line, 0U) << x.message;
}

TEST(PolicyYaml, NotAPolicyAtAll) {
  Diagnostics d;
  load("- a\n- b\n", d);
  EXPECT_EQ(codes(d), std::vector<std::string>{"yaml.wrong_type"});
  Diagnostics twice;
  load("tiers: [{name: a}]\n---\ntiers: [{name: a}, {name: b, end: pas}]\n", twice);
  EXPECT_EQ(codes(twice), (std::vector<std::string>{"policy.tiers.twice", "policy.tiers.twice", "yaml.bad_value"}));
}

}  // namespace
}  // namespace bulkhead::config
