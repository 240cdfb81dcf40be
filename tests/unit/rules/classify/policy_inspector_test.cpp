#include "rules/classify/policy_inspector.h"

#include <gtest/gtest.h>

#include "rules/compile/policy_compiler.h"
#include "rules/model/rule_parser.h"

namespace bulkhead::rules {
namespace {

class PolicyInspectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto inventory = std::make_shared<Inventory>();
    for (const auto& [name, address] : {std::pair{"web", "10.0.0.2"}, {"db", "10.0.0.3"}}) {
      Workload w;
      w.name_space = "shop";
      w.name = name;
      w.labels = {{"app", name}};
      w.addresses = {*IpAddress::parse(address)};
      ASSERT_FALSE(inventory->add_workload(w));
    }
    PolicyModel model;
    model.tiers = PolicyModel::default_tiers();
    const auto file = std::make_shared<SourceFile>("db.yaml", "");
    const auto add = [&](const char* name, const char* tier, Policy::Mode mode,
                         std::initializer_list<const char*> rules) {
      Policy p;
      p.name = name;
      p.tier = tier;
      p.mode = mode;
      p.subject = std::get<Selector>(parse_selector("app=db"));
      for (const char* text : rules) {
        p.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
        p.ingress.back().span = {file, 7, 5, 1};
      }
      model.policies.push_back(std::move(p));
    };
    add("watch", "security", Policy::Mode::kAudit, {"allow from any on tcp/22", "deny from app=web on tcp/6379"});
    add("db", "platform", Policy::Mode::kEnforce, {"allow from app=web on tcp/6379, tcp/22", "deny from any"});
    Diagnostics diagnostics;
    const PolicyInspectorFactory factory(compile_policies(model, inventory, diagnostics));
    inspector_ = factory.make(0);
  }

  static decode::PacketView tcp(const char* from, const char* to, std::uint16_t source_port, std::uint16_t port,
                                std::uint8_t flags) {
    decode::PacketView p;
    p.source = *IpAddress::parse(from);
    p.destination = *IpAddress::parse(to);
    p.family = p.source.family();
    p.protocol = ip_proto::kTcp;
    p.source_port = source_port;
    p.destination_port = port;
    p.has_tcp = true;
    p.tcp.flags = flags;
    p.ip_total_length = 60;
    return p;
  }
  std::vector<event::DropEvent> inspect(const decode::PacketView& packet, bool flow_is_new = true) {
    flow::Flow flow;
    flow.client = packet.tuple();
    std::vector<event::Event> events;
    std::vector<pipeline::Alert> alerts;
    pipeline::InspectContext context;
    context.packet = &packet;
    context.flow = &flow;
    context.flow_is_new = flow_is_new;
    context.events = &events;
    context.alerts = &alerts;
    inspector_->inspect(context);
    EXPECT_TRUE(alerts.empty()) << "it reports and never changes a verdict";
    std::vector<event::DropEvent> out;
    for (const auto& e : events) out.push_back(std::get<event::DropEvent>(e));
    return out;
  }
  std::uint64_t stat(const std::string& name) {
    std::vector<std::pair<std::string, std::uint64_t>> stats;
    inspector_->add_stats(stats);
    for (const auto& [key, value] : stats) {
      if (key == name) return value;
    }
    return 999;
  }

  std::unique_ptr<pipeline::Inspector> inspector_;
};

TEST_F(PolicyInspectorTest, ARefusedFlowIsReportedOnceWithItsRule) {
  const auto events = inspect(tcp("10.0.0.2", "10.0.0.3", 40000, 80, decode::tcp_flag::kSyn));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].reason, "policy");
  EXPECT_EQ(events[0].policy_rule, "db/ingress/2");
  EXPECT_EQ(events[0].policy_file, "db.yaml");
  EXPECT_EQ(events[0].policy_line, 7U);
  EXPECT_EQ(events[0].source_workload, "shop/web");
  EXPECT_EQ(events[0].destination_workload, "shop/db");
  EXPECT_FALSE(events[0].audit);
  EXPECT_TRUE(events[0].is_tcp);
  EXPECT_EQ(events[0].ip_length, 60);
  EXPECT_TRUE(inspect(tcp("10.0.0.2", "10.0.0.3", 40000, 80, decode::tcp_flag::kSyn), false).empty());
  EXPECT_EQ(stat("policy.flows_denied"), 1U);
  EXPECT_EQ(inspect(tcp("192.0.2.9", "10.0.0.3", 1, 80, decode::tcp_flag::kSyn))[0].source_workload, "");
}

TEST_F(PolicyInspectorTest, AuditSaysWhatItWouldRefuseAndNothingElse) {
  const auto events = inspect(tcp("10.0.0.2", "10.0.0.3", 40000, 6379, decode::tcp_flag::kSyn));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].audit);
  EXPECT_EQ(events[0].policy_rule, "watch/ingress/2");
  EXPECT_TRUE(inspect(tcp("10.0.0.2", "10.0.0.3", 40000, 22, decode::tcp_flag::kSyn)).empty()) << "it would allow this";
  EXPECT_EQ(stat("policy.flows_audited"), 1U);
  EXPECT_EQ(stat("policy.flows_denied"), 0U);
  EXPECT_EQ(stat("policy.flows_allowed"), 2U);
}

TEST_F(PolicyInspectorTest, ConnectionsInTheirMiddleMayHaveBeenOpenedByEitherEnd) {
  // The answer of the database to a request that came before the capture began.
  const std::uint8_t ack = decode::tcp_flag::kAck;
  EXPECT_TRUE(inspect(tcp("10.0.0.3", "10.0.0.2", 6379, 40000, ack)).empty());
  // db opens nothing here, and nobody may reach db on port 80: neither end may have opened it.
  EXPECT_EQ(inspect(tcp("192.0.2.9", "10.0.0.3", 40000, 80, decode::tcp_flag::kSyn)).size(), 1U);
}

TEST_F(PolicyInspectorTest, WhatIsNotJudged) {
  decode::PacketView tunnel = tcp("192.0.2.9", "10.0.0.3", 1, 80, decode::tcp_flag::kSyn);
  tunnel.origin = decode::PacketOrigin::kTunnel;
  EXPECT_TRUE(inspect(tunnel).empty());
  decode::PacketView error;
  error.source = *IpAddress::parse("192.0.2.9");
  error.destination = *IpAddress::parse("10.0.0.3");
  error.family = IpFamily::kV4;
  error.protocol = ip_proto::kIcmp;
  error.has_icmp = true;
  error.icmp_type = 3;
  EXPECT_TRUE(inspect(error).empty());
  error.icmp_type = 8;
  EXPECT_EQ(inspect(error).size(), 1U);
  error.invalid = true;
  EXPECT_TRUE(inspect(error).empty());
}

TEST_F(PolicyInspectorTest, PacketsOfProtocolsWithoutFlowsAreJudgedEach) {
  decode::PacketView gre = tcp("192.0.2.9", "10.0.0.3", 0, 0, 0);
  gre.protocol = ip_proto::kGre;
  gre.has_tcp = false;
  for (int i = 0; i < 2; ++i) {
    std::vector<event::Event> events;
    pipeline::InspectContext context;
    context.packet = &gre;
    context.events = &events;
    inspector_->inspect(context);
    EXPECT_EQ(events.size(), 1U);
  }
  EXPECT_EQ(stat("policy.flows_denied"), 2U);
}

}  // namespace
}  // namespace bulkhead::rules
