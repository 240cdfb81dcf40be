// The policies in a real kernel: three hosts on a bridge, real connections, both enforcement modes.
#include <gtest/gtest.h>
#include <algorithm>

#include "datapath/base/flow_key.h"
#include "rules/block/block_manager.h"
#include "rules/classify/classifier.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/policy_text.h"

namespace bulkhead::rules {
namespace {

using testing::NetLab;
using testing::Probe;

constexpr const char* kInventory = R"(
namespaces: [{name: shop, labels: {team: red}}]
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.77.0.2, 'fd77::2'], interface: veth-web}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.77.0.3, 'fd77::3'], interface: veth-db}
  - {namespace: test, name: intruder, labels: {app: other}, ips: [10.77.0.4, 'fd77::4'], interface: veth-intruder}
)";

constexpr const char* kPolicies = R"(
policy: db
tier: platform
order: 10
for: ns=shop app=db
ingress:
  - allow from ns=shop app=web on tcp/6379, udp/5300, icmp/echo-request
  - reject from any on tcp/7000-7010, udp/7000
  - deny from any
egress:
  - deny to world
  - deny to ns=test
---
policy: intruder
tier: security
order: 1
for: ns=test
egress:
  - pass to nodes on tcp/8080
  - deny to nodes
  - allow to app=web on tcp/80, tcp/90-99
  - pass to app=db
  - deny to any
---
policy: audit-web
tier: security
order: 2
mode: audit
for: app=web
ingress:
  - deny from ns=test on tcp/80
)";

class PolicyNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db", "intruder"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
    enforcer_ = std::make_unique<Enforcer>(*transport_);
  }
  void load(const std::string& policies) {
    Diagnostics diagnostics;
    table_ = testing::compile_text(kInventory, policies, diagnostics);
    for (const auto& d : diagnostics.all()) ADD_FAILURE() << Diagnostics::format(d);
    ASSERT_NE(table_, nullptr);
    auto report = enforcer_->load(table_);
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->mode.bridged_v4_in_inet, GetParam());
    EXPECT_EQ(report->mode.bridged_v6_in_inet, GetParam());
  }
  std::uint64_t packets(const std::string& rule) {
    auto counters = enforcer_->counters();
    EXPECT_TRUE(counters);
    for (const auto& c : *counters) {
      if (c.rule == rule) return c.packets;
    }
    return 0;
  }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<Enforcer> enforcer_;
  PolicyTablePtr table_;
};

TEST_P(PolicyNetns, OpenWithoutPoliciesAndWithEmptyRuleset) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    EXPECT_EQ(lab_->tcp("intruder", "db", family, 6379), Probe::kPassed);
    EXPECT_EQ(lab_->udp("intruder", "db", family, 5300), Probe::kPassed);
    EXPECT_EQ(lab_->ping("intruder", "db", family), Probe::kPassed);
  }
  auto report = enforcer_->load(nullptr);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(lab_->tcp("intruder", "db", IpFamily::kV4, 6379), Probe::kPassed);
}

TEST_P(PolicyNetns, EveryConnectionAgreesWithTheClassifier) {
  load(kPolicies);
  if (HasFatalFailure()) return;
  const Classifier classifier(table_);
  const bool inet = GetParam();
  const std::vector<std::string> names = {"web", "db", "intruder", "node"};
  std::size_t checked = 0, denied = 0;
  for (const std::string& from : names) {
    for (const std::string& to : names) {
      if (from == to) continue;
      for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
        const auto check = [&](std::uint8_t protocol, std::uint16_t port, std::uint8_t type, Probe seen) {
          FlowQuery query{
              {lab_->address_of(from, family), lab_->address_of(to, family), 40000, port, protocol}, type, 0};
          const Decision decision = classifier.classify(query);
          // Among bridged hosts the bridge family cannot reject: it drops.
          const bool bridged = from != "node" && to != "node";
          Probe expected = Probe::kPassed;
          if (decision.action == Action::kDeny) expected = Probe::kTimedOut;
          if (decision.action == Action::kReject) {
            expected = bridged && !inet             ? Probe::kTimedOut
                       : protocol == ip_proto::kTcp ? Probe::kRefused
                                                    : Probe::kUnreachable;
          }
          // A drop of what the node itself sends is told to its socket at once.
          const bool refused_here = from == "node" && seen != Probe::kPassed && expected != Probe::kPassed;
          EXPECT_TRUE(seen == expected || refused_here)
              << from << " to " << to << " proto " << int{protocol} << " port " << port << " IPv"
              << static_cast<int>(family) << ": " << to_string(seen) << ", expected " << to_string(expected) << " by "
              << (decision.rule == kNone ? "no rule" : table_->rules()[decision.rule].key);
          ++checked;
          denied += expected != Probe::kPassed;
        };
        for (const std::uint16_t port : {80, 89, 90, 99, 100, 6379, 6999, 7000, 7010, 7011, 8080}) {
          check(ip_proto::kTcp, port, 0, lab_->tcp(from, to, family, port));
        }
        for (const std::uint16_t port : {5300, 5301, 7000}) {
          check(ip_proto::kUdp, port, 0, lab_->udp(from, to, family, port));
        }
        const bool v4 = family == IpFamily::kV4;
        check(v4 ? ip_proto::kIcmp : ip_proto::kIcmpv6, 0, v4 ? 8 : 128, lab_->ping(from, to, family));
      }
    }
  }
  EXPECT_EQ(checked, 12U * 2 * 15);
  EXPECT_GT(denied, 100U);
  EXPECT_LT(denied, checked - 100);
  EXPECT_GT(packets("db/ingress/1"), 0U);
  EXPECT_GT(packets("db/ingress/3"), 0U);
  EXPECT_GT(packets("intruder/egress/5"), 0U);
  EXPECT_GT(packets("audit-web/ingress/1"), 0U) << "audited, not denied";
}

TEST_P(PolicyNetns, AChangeTouchesOnlyWhatDiffersAndKeepsSessions) {
  load(kPolicies);
  if (HasFatalFailure()) return;
  testing::TcpPair session;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 6379, session));
  const std::uint64_t before = packets("db/ingress/1");
  EXPECT_GT(before, 0U);
  // The same again: nothing to do, proved by reading back.
  auto same = enforcer_->load(table_);
  ASSERT_TRUE(same) << same.error().to_string();
  EXPECT_EQ(same->changes, 0U);
  EXPECT_EQ(packets("db/ingress/1"), before) << "counters survive";
  // Another policy changes: the program of db stays the object it was.
  std::string changed = kPolicies;
  changed.replace(changed.find("tcp/90-99"), 9, "tcp/90-95");
  load(changed);
  EXPECT_EQ(packets("db/ingress/1"), before);
  EXPECT_TRUE(session.carries(true, std::chrono::milliseconds(500)));
  EXPECT_TRUE(session.carries(false, std::chrono::milliseconds(500)));
  EXPECT_EQ(lab_->tcp("intruder", "web", IpFamily::kV4, 96), Probe::kTimedOut);
  EXPECT_EQ(lab_->tcp("intruder", "web", IpFamily::kV6, 95), Probe::kPassed);
}

TEST_P(PolicyNetns, VerifyFindsWhatOthersChangedAndLoadMendsIt) {
  load(kPolicies);
  if (HasFatalFailure()) return;
  auto clean = enforcer_->verify();
  ASSERT_TRUE(clean);
  EXPECT_TRUE(clean->empty());
  NftCommand open;
  open.op = NftOp::kFlushChain;
  open.family = NftFamily::kInet;
  open.table = "bulkhead";
  open.name = "judge";
  NftCommand foreign = open;
  foreign.op = NftOp::kAddChain;
  foreign.name = "stranger";
  NftCommand missing = open;
  missing.op = NftOp::kDeleteElements;
  missing.name = "egress4";
  missing.set.elements.resize(1);
  missing.set.elements[0].key = {10, 77, 0, 4};
  auto tampered = transport_->apply({open, foreign, missing});
  ASSERT_TRUE(tampered) << tampered.error().to_string();
  auto findings = enforcer_->verify();
  ASSERT_TRUE(findings);
  const auto has = [&](const std::string& text) {
    return std::any_of(findings->begin(), findings->end(), [&](const auto& f) { return f.find(text) != f.npos; });
  };
  EXPECT_TRUE(has("rule 1 of chain judge in table inet bulkhead is missing"));
  EXPECT_TRUE(has("chain stranger does not belong"));
  EXPECT_TRUE(has("element 10.77.0.4 : jump egress-"));
  auto mended = enforcer_->load(table_);
  ASSERT_TRUE(mended) << mended.error().to_string();
  EXPECT_EQ(lab_->tcp("intruder", "db", IpFamily::kV4, 6379), Probe::kTimedOut);
}

TEST_P(PolicyNetns, NobodySpeaksInTheNameOfAnother) {
  load(kPolicies);
  if (HasFatalFailure()) return;
  ASSERT_EQ(lab_->udp("web", "db", IpFamily::kV4, 5300), Probe::kPassed);
  // The intruder takes the address of web, which may speak to db.
  ASSERT_TRUE(
      lab_->run("ip addr del 10.77.0.4/24 dev eth0 && ip addr add 10.77.0.2/24 dev eth0 && "
                "ip -6 addr del fd77::4/64 dev eth0 && ip -6 addr add fd77::2/64 dev eth0 nodad",
                "intruder"));
  std::uint64_t dropped = packets("guard/source");
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    EXPECT_EQ(lab_->tcp("intruder", "db", family, 6379), Probe::kTimedOut);
    const std::uint64_t now = packets("guard/source");
    EXPECT_GT(now, dropped) << "at its port, before any policy";
    dropped = now;
  }
}

TEST_P(PolicyNetns, TheListingOfNftAgrees) {
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  load(kPolicies);
  if (HasFatalFailure()) return;
  const char* raw = "hook prerouting priority raw; policy accept";
  const std::string before = lab_->output("nft list table inet bulkhead 2>&1");
  EXPECT_EQ(before.find(raw), std::string::npos) << "no hook for blocks that are not there\n" << before;
  Block block;
  block.kind = BlockKind::kSource;
  block.tuple.source = *IpAddress::parse("198.51.100.1");
  auto outcome = BlockManager(*transport_, {}).add(block);
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  const auto differences = enforcer_->verify();
  ASSERT_TRUE(differences);
  EXPECT_EQ(*differences, std::vector<std::string>{});
  const std::string listing = lab_->output("nft list ruleset 2>&1");
  for (const char* part : {"table inet bulkhead", "table bridge bulkhead", "ct state established,related accept",
                           "ip saddr vmap @egress4", "comment \"db/ingress/3\"", "tcp dport 7000-7010", raw,
                           "type ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service",
                           "10.77.0.4 : jump egress-", "reject with tcp reset", "ip saddr @block4-source"}) {
    EXPECT_NE(listing.find(part), std::string::npos) << part << "\n" << listing;
  }
  EXPECT_EQ(listing.find("unknown"), std::string::npos) << "nft can read all of it";
  auto own = enforcer_->dump();
  ASSERT_TRUE(own);
  for (const char* part : {"table inet bulkhead", "ct state established,related accept", "ip saddr vmap @egress4",
                           "comment \"db/ingress/3\"", "th dport 7000-7010", "10.77.0.4 : jump egress-"}) {
    EXPECT_NE(own->find(part), std::string::npos) << part << "\n" << *own;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, PolicyNetns, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead::rules
