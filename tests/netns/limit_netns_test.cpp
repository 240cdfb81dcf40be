// Limits of allow rules and a service's way back to oneself, in a real kernel with real connections.
#include <gtest/gtest.h>

#include <thread>

#include "rules/classify/classifier.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/policy_text.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::NetLab;
using testing::Probe;
using testing::TcpPair;

constexpr const char* kInventory = R"(
namespaces: [{name: shop, labels: {team: red}}]
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.77.0.2, 'fd77::2'], interface: veth-web}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.77.0.3, 'fd77::3'], interface: veth-db}
  - {namespace: shop, name: api, labels: {app: api}, ips: [10.77.0.4, 'fd77::4'], interface: veth-api}
services:
  - {namespace: shop, name: web, ips: [10.96.0.2], endpoints: [shop/web], ports: [{proto: TCP, port: 80, targetPort: 8080}]}
)";

std::string db_with(const std::string& rule) {
  return "policy: db\nfor: app=db\ningress:\n  - " + rule + "\n  - deny from any\n";
}

class LimitNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db", "api"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
    enforcer_ = std::make_unique<Enforcer>(*transport_);
  }
  Result<LoadReport> try_load(const std::string& policies) {
    Diagnostics diagnostics;
    table_ = testing::compile_text(kInventory, policies, diagnostics);
    for (const auto& d : diagnostics.all()) ADD_FAILURE() << Diagnostics::format(d);
    if (table_ == nullptr) return Error{"compile", "policy", EINVAL, "no table"};
    return enforcer_->load(table_);
  }
  void load(const std::string& policies) {
    const auto report = try_load(policies);
    ASSERT_TRUE(report) << report.error().to_string();
  }
  std::uint64_t packets(const std::string& rule) {
    auto counters = enforcer_->counters();
    EXPECT_TRUE(counters);
    for (const auto& c : *counters) {
      if (c.rule == rule) return c.packets;
    }
    return 0;
  }
  unsigned passed_of(unsigned tries, const std::string& from, IpFamily family, std::uint16_t port) {
    unsigned passed = 0;
    for (unsigned i = 0; i < tries; ++i) passed += lab_->tcp(from, "db", family, port, 60ms) == Probe::kPassed ? 1 : 0;
    return passed;
  }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<Enforcer> enforcer_;
  PolicyTablePtr table_;
};

TEST_P(LimitNetns, NewFlowsAreCountedForEachSource) {
  load(db_with("allow: {from: any, ports: [tcp/80], limit: {new: 1/h, burst: 6, per: source}}"));
  if (HasFatalFailure()) return;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    EXPECT_EQ(passed_of(9, "web", family, 80), 6U);
    EXPECT_EQ(passed_of(9, "api", family, 80), 6U) << "a bucket of its own";
  }
  EXPECT_EQ(packets("db/ingress/1/over"), 12U);
  EXPECT_GE(packets("db/ingress/1"), 24U);
}

TEST_P(LimitNetns, OneBucketForTheRuleAndOneForAPrefix) {
  load(db_with("allow: {from: any, ports: [tcp/80], limit: {new: 1/h, burst: 4}}"));
  if (HasFatalFailure()) return;
  EXPECT_EQ(passed_of(3, "web", IpFamily::kV4, 80), 3U);
  EXPECT_EQ(passed_of(3, "api", IpFamily::kV6, 80), 1U) << "both families and sources share it";
  load(db_with("allow: {from: any, ports: [tcp/80], limit: {new: 1/h, burst: 4, per: source/24/64}}"));
  if (HasFatalFailure()) return;
  EXPECT_EQ(passed_of(3, "web", IpFamily::kV4, 80), 3U);
  EXPECT_EQ(passed_of(3, "api", IpFamily::kV4, 80), 1U) << "both are in one /24";
  EXPECT_EQ(passed_of(3, "api", IpFamily::kV6, 80), 3U);
  EXPECT_EQ(passed_of(3, "web", IpFamily::kV6, 80), 1U) << "both are in one /64";
}

TEST_P(LimitNetns, AnAdmittedFlowIsCountedOnce) {
  load(db_with("allow: {from: any, ports: [tcp/80, udp/53], limit: {new: 1/h, burst: 1, per: source}}"));
  if (HasFatalFailure()) return;
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 80, pair));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pair.carries(i % 2 == 0, 1s));
  EXPECT_EQ(lab_->tcp("web", "db", IpFamily::kV4, 80, 60ms), Probe::kTimedOut);
  EXPECT_TRUE(pair.carries(true, 1s)) << "what was admitted goes on";
  EXPECT_EQ(lab_->datagrams("api", "db", IpFamily::kV4, 53, 8), 8U);
}

TEST_P(LimitNetns, PacketsAreCountedInEstablishedFlowsToo) {
  load(db_with(
      "allow: {from: any, ports: [udp/53], icmp: [echo-request], limit: {packets: 1/h, burst: 7, per: source}}"));
  if (HasFatalFailure()) return;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    unsigned answered = 0;
    for (int i = 0; i < 12; ++i) answered += lab_->ping("web", "db", family, 60ms) == Probe::kPassed ? 1 : 0;
    EXPECT_EQ(answered, 7U);
  }
  EXPECT_EQ(lab_->datagrams("api", "db", IpFamily::kV4, 53, 12), 7U);
  EXPECT_EQ(packets("db/ingress/1/over"), 15U);
}

TEST_P(LimitNetns, OpenFlowsNeedConntrack) {
  const std::string text = db_with("allow: {from: any, ports: [tcp/80], limit: {open: 2, per: source, over: reject}}");
  if (!GetParam()) {
    const auto report = try_load(text);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ENOTSUP);
    EXPECT_NE(report.error().to_string().find("db/ingress/1 (policy.yaml:4)"), std::string::npos)
        << report.error().to_string();
    return;
  }
  load(text);
  if (HasFatalFailure()) return;
  std::vector<TcpPair> open(2);
  for (TcpPair& pair : open) ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 80, pair));
  EXPECT_EQ(lab_->tcp("web", "db", IpFamily::kV4, 80), Probe::kRefused);
  EXPECT_EQ(lab_->tcp("api", "db", IpFamily::kV4, 80), Probe::kPassed);
  for (TcpPair& pair : open) EXPECT_TRUE(pair.carries(true, 1s));
  open.pop_back();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(lab_->tcp("web", "db", IpFamily::kV4, 80), Probe::kPassed) << "one has closed";
}

TEST_P(LimitNetns, AReloadKeepsTheBuckets) {
  const std::string text = db_with("allow: {from: any, ports: [tcp/80], limit: {new: 1/h, burst: 3, per: source}}");
  load(text);
  if (HasFatalFailure()) return;
  EXPECT_EQ(passed_of(3, "web", IpFamily::kV4, 80), 3U);
  load(text + "---\npolicy: other\nfor: app=api\ningress:\n  - deny from any on tcp/9\n");
  if (HasFatalFailure()) return;
  EXPECT_EQ(passed_of(2, "web", IpFamily::kV4, 80), 0U);
}

INSTANTIATE_TEST_SUITE_P(Modes, LimitNetns, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "BrNetfilter" : "BridgeOnly"; });

constexpr const char* kIsolated = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}
)";
constexpr const char* kAdminDeny = R"(
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: no-8080}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress:
    - {action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 8080}}}]}
)";

// A client that reaches its own service: translated to itself (and its source to the node's, or it would never answer).
class HairpinNetns : public LimitNetns {
 protected:
  void SetUp() override {
    LimitNetns::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
    ASSERT_TRUE(
        lab_->run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.br0.send_redirects=0 "
                  "net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.br0.rp_filter=0"));
    ASSERT_TRUE(lab_->run(
        "nft 'table ip nat { chain pre { type nat hook prerouting priority -100; ip daddr 10.96.0.2 tcp dport "
        "80 dnat to 10.77.0.2:8080; }; chain post { type nat hook postrouting priority 100; ct status dnat "
        "masquerade; }; }'"));
    // Between two ports of a bridge the translated frame never leaves it: the port sends back what it received.
    ASSERT_TRUE(lab_->run("ip link set veth-web type bridge_slave hairpin on"));
    for (const char* host : {"web", "db"}) ASSERT_TRUE(lab_->run("ip route add 10.96.0.0/16 via 10.77.0.1", host));
  }
  // A connection from `from` to the service's address arrives at web.
  bool reaches_service(const std::string& from) {
    return lab_->tcp_by(from, *IpAddress::parse("10.96.0.2"), 80, "web", 8080, 200ms) == Probe::kPassed;
  }
};

TEST_P(HairpinNetns, AnIsolatedWorkloadReachesItselfThroughAServiceAndNobodyElseDoes) {
  EXPECT_TRUE(reaches_service("web")) << "the lab translates";
  EXPECT_TRUE(reaches_service("db"));
  load(kIsolated);
  if (HasFatalFailure()) return;
  EXPECT_TRUE(reaches_service("web"));
  EXPECT_FALSE(reaches_service("db"));
  EXPECT_GT(packets("tier:kubernetes/ingress/self"), 0U);
  EXPECT_GT(packets("tier:kubernetes/egress/self"), 0U);
  // A cluster policy holds for it.
  load(std::string(kIsolated) + kAdminDeny);
  if (HasFatalFailure()) return;
  EXPECT_FALSE(reaches_service("web"));
}

INSTANTIATE_TEST_SUITE_P(Modes, HairpinNetns, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead::rules
