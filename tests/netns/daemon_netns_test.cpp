// The daemon as a process: what the kernel does when it is killed, stopped or taken out, and what a container that
// nobody knows gets out before its first packet is expected.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead {
namespace {

using namespace std::chrono_literals;
using testing::comes_true;
using testing::DaemonFolder;
using testing::NetLab;
using testing::Probe;
using testing::Process;
using testing::TcpPair;

constexpr const char* kInventory = R"(
namespaces: [{name: shop, labels: {team: red}}]
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: a, labels: {app: a}, ips: [10.77.0.2, 'fd77::2'], interface: veth-a}
  - {namespace: shop, name: b, labels: {app: b}, ips: [10.77.0.3, 'fd77::3'], interface: veth-b}
  - {namespace: open, name: c, labels: {app: c}, ips: [10.77.0.4, 'fd77::4'], interface: veth-c}
  - {namespace: open, name: d, labels: {app: d}, ips: [10.77.0.5, 'fd77::5'], interface: veth-d}
)";
constexpr const char* kPolicy = R"(
policy: all
tier: platform
order: 10
for: any
ingress:
  - allow from any on tcp/80-90
  - deny from any
)";

class DaemonNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b", "c", "d"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    folder_.make(::testing::TempDir(), "daemon");
    folder_.write("inventory.yaml", kInventory);
    folder_.write("policy.yaml", kPolicy);
  }
  void TearDown() override {
    daemon_.reset();
    lab_.reset();
  }
  bool start(const std::string& segments) {
    return start_with("capture: {interfaces: [br0]}\npolicy: [policy.yaml]\ninventory: inventory.yaml\nsegments: {" +
                      segments + "}\n");
  }
  bool start_with(const std::string& settings) {
    daemon_ = folder_.start(settings);
    const auto ready = [&] { return folder_.log().find("ready:") != std::string::npos; };
    const auto failed = [&] { return folder_.log().find(" error ") != std::string::npos; };
    return comes_true([&] { return ready() || failed(); }) && ready();
  }
  // The closed pair falls silent, the open one goes on; new flows alike.
  void expect_closed_stops_and_open_flows(TcpPair& closed, TcpPair& open) {
    EXPECT_TRUE(comes_true([&] { return !closed.carries(true, 100ms); }));
    for (const bool from_client : {true, false}) {
      EXPECT_FALSE(closed.carries(from_client, 100ms));
      EXPECT_TRUE(open.carries(from_client, 2s));
    }
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      EXPECT_EQ(lab_->tcp("a", "b", family, 81), Probe::kTimedOut);
      EXPECT_NE(lab_->tcp("a", "node", family, 81), Probe::kPassed);
      EXPECT_EQ(lab_->tcp("c", "d", family, 81, 2s), Probe::kPassed);
      EXPECT_EQ(lab_->tcp("c", "d", family, 99), Probe::kTimedOut) << "the policy goes on without the daemon";
    }
  }

  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::unique_ptr<Process> daemon_;
};

constexpr const char* kFailClosed = "closed: ['veth-*'], fail-closed: [veth-a, veth-b], lease: 1s";

TEST_P(DaemonNetns, KilledTheClosedSegmentCarriesNothingAndTheOpenOneGoesOn) {
  ASSERT_TRUE(start(kFailClosed)) << folder_.log();
  TcpPair closed, open;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, closed) && lab_->connect("c", "d", IpFamily::kV4, 80, open));
  std::this_thread::sleep_for(2s);  // twice the lease
  ASSERT_TRUE(closed.carries(true, 1s) && closed.carries(false, 1s)) << "renewed while the daemon lives";
  daemon_->end(SIGKILL);
  expect_closed_stops_and_open_flows(closed, open);
  ASSERT_TRUE(start(kFailClosed)) << folder_.log();
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 81, 2s), Probe::kPassed) << "a new daemon opens it again";
  EXPECT_TRUE(open.carries(true, 2s));
}

TEST_P(DaemonNetns, StoppedItIsAsGoodAsDeadUntilItContinues) {
  ASSERT_TRUE(start(kFailClosed)) << folder_.log();
  TcpPair closed, open;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV6, 80, closed) && lab_->connect("c", "d", IpFamily::kV6, 80, open));
  daemon_->signal(SIGSTOP);
  expect_closed_stops_and_open_flows(closed, open);
  daemon_->signal(SIGCONT);
  EXPECT_TRUE(comes_true([&] { return lab_->tcp("a", "b", IpFamily::kV4, 81, 300ms) == Probe::kPassed; }));
}

TEST_P(DaemonNetns, RecoverLeavesTheRulesetAsItWas) {
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  ASSERT_TRUE(
      lab_->run("nft 'add table inet others { set s { type ipv4_addr; elements = { 10.0.0.9 }; }; chain c { "
                "type filter hook forward priority 0; policy accept; ip saddr @s counter drop; }; }'"));
  const std::string before = lab_->output("nft list ruleset");
  ASSERT_NE(before.find("table inet others"), std::string::npos);
  ASSERT_TRUE(start(kFailClosed)) << folder_.log();
  EXPECT_NE(lab_->output("nft list ruleset"), before);
  daemon_->end(SIGKILL);
  EXPECT_TRUE(lab_->run(std::string(BULKHEAD_BINARY) + " recover >/dev/null 2>&1"));
  EXPECT_EQ(lab_->output("nft list ruleset"), before);
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 99, 2s), Probe::kPassed) << "nothing is left";
}

TEST_P(DaemonNetns, AReloadThatTightensEndsOpenSessions) {
  ASSERT_TRUE(start("lease: 10s, grace: 0s")) << folder_.log();
  TcpPair refused, kept;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, refused) && lab_->connect("a", "b", IpFamily::kV4, 90, kept));
  ASSERT_TRUE(refused.carries(true, 1s) && kept.carries(true, 1s));
  std::string tighter = kPolicy;
  tighter.replace(tighter.find("80-90"), 5, "85-90");
  folder_.write("policy.yaml", tighter);
  daemon_->signal(SIGHUP);
  EXPECT_TRUE(comes_true([&] { return !refused.carries(false, 100ms); }));
  EXPECT_FALSE(refused.carries(true, 100ms));
  EXPECT_TRUE(kept.carries(true, 1s) && kept.carries(false, 1s));
}

// Edits of the inventory need no signal: a label is a few elements, and open sessions follow it.
TEST_P(DaemonNetns, ALabelInTheInventoryTakesEffectWithoutAReload) {
  folder_.write("policy.yaml",
                std::string(kPolicy) +
                    "---\npolicy: quarantine\ntier: quarantine\nfor: state=cut\ningress:\n  - deny from any\n");
  ASSERT_TRUE(start("lease: 10s, grace: 0s")) << folder_.log();
  TcpPair open;
  ASSERT_TRUE(lab_->connect("c", "d", IpFamily::kV4, 80, open));
  ASSERT_TRUE(open.carries(true, 1s));
  std::string quarantined(kInventory);
  quarantined.replace(quarantined.find("{app: d}"), 8, "{app: d, state: cut}");
  folder_.write("inventory.yaml", quarantined);
  EXPECT_TRUE(comes_true([&] { return lab_->tcp("c", "d", IpFamily::kV4, 80) == Probe::kTimedOut; })) << folder_.log();
  EXPECT_TRUE(comes_true([&] { return !open.carries(true, 100ms); })) << "the session follows";
  EXPECT_NE(folder_.log().find("labels of 1 workload: "), std::string::npos) << folder_.log();
  EXPECT_TRUE(comes_true([&] { return folder_.log().find("labels: generation 2") != std::string::npos; }))
      << folder_.log();
  folder_.write("inventory.yaml", "pods: [{");
  EXPECT_TRUE(comes_true([&] { return folder_.log().find("has errors: the workloads stay") != std::string::npos; }))
      << folder_.log();
  folder_.write("inventory.yaml", kInventory);
  EXPECT_TRUE(comes_true([&] { return lab_->tcp("c", "d", IpFamily::kV4, 80) == Probe::kPassed; })) << folder_.log();
}

// What was admitted goes from port to port, also of a container that came when the daemon had given up its rights; a
// block, a reload and `recover` end it at once.
TEST_P(DaemonNetns, AdmittedFlowsTakeTheFastPath) {
  const auto with_macs = [&](const std::string& hosts) {
    std::string out = "nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]\npods:\n";
    for (const char host : hosts) {
      const std::string name(1, host);
      const std::string mac =
          lab_->output("ip -o link show eth0 | sed 's/.*ether \\([0-9a-f:]*\\).*/\\1/'", name).substr(0, 17);
      out += "  - {namespace: shop, name: " + name + ", labels: {app: " + name + "}, ips: [" +
             lab_->host(name).v4.to_string() + "], mac: '" + mac + "', interface: veth-" + name + "}\n";
    }
    return out;
  };
  folder_.write("inventory.yaml", with_macs("ab"));
  const std::string socket = folder_.path() + "/control.sock";
  ASSERT_TRUE(
      start_with("capture: {interfaces: [br0]}\npolicy: [policy.yaml]\ninventory: inventory.yaml\n"
                 "segments: {grace: 0s, fast-path: all}\nresponse: {reset: no}\ncontrol: {socket: " +
                 socket + "}\n"))
      << folder_.log();
  if (folder_.log().find("no fast path:") != std::string::npos) GTEST_SKIP() << folder_.log();
  EXPECT_NE(folder_.log().find("fast path: 2 ports"), std::string::npos) << folder_.log();
  const auto passed = [&] {
    const std::string status = lab_->output(std::string(BULKHEAD_BINARY) + " status --json --socket " + socket);
    const std::size_t at = status.find("\"fast_path_packets\":");
    return at == std::string::npos ? -1 : std::atol(status.c_str() + at + 20);
  };
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, pair));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pair.carries(i % 2 == 0, 1s)) << i;
  EXPECT_TRUE(comes_true([&] { return passed() >= 10; })) << passed();

  folder_.write("inventory.yaml", with_macs("abc"));
  ASSERT_TRUE(comes_true([&] { return folder_.log().find("fast path: 3 ports") != std::string::npos; }))
      << folder_.log();
  TcpPair late;
  ASSERT_TRUE(lab_->connect("c", "b", IpFamily::kV4, 81, late));
  ASSERT_TRUE(late.carries(true, 1s) && late.carries(false, 1s));
  const long before = passed();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(late.carries(i % 2 == 0, 1s)) << i;
  EXPECT_TRUE(comes_true([&] { return passed() >= before + 10; })) << before << " then " << passed();

  ASSERT_TRUE(pair.carries(true, 1s) && pair.carries(true, 1s));
  ASSERT_TRUE(lab_->run(std::string(BULKHEAD_BINARY) + " blocks add 10.77.0.2 >/dev/null 2>&1"));
  EXPECT_FALSE(pair.carries(true, 300ms)) << "blocked by another process";
  EXPECT_TRUE(late.carries(true, 1s));

  std::string tighter = kPolicy;
  tighter.replace(tighter.find("80-90"), 5, "85-90");
  folder_.write("policy.yaml", tighter);
  daemon_->signal(SIGHUP);
  EXPECT_TRUE(comes_true([&] { return !late.carries(true, 100ms); }));

  daemon_->end(SIGKILL);
  const std::string gone = lab_->output(std::string(BULKHEAD_BINARY) + " recover 2>&1");
  EXPECT_NE(gone.find("removed the fast path from 3 ports"), std::string::npos) << gone;
  EXPECT_NE(gone.find("nf_conntrack_tcp_be_liberal is 1"), std::string::npos) << gone;
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 99, 2s), Probe::kPassed) << "nothing is left";
}

// What the start has not prepared (conntrack, programs) a reload does not take: connections would stall.
TEST_P(DaemonNetns, AReloadTakesNoMoreOfTheFastPathThanTheStart) {
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  const std::string settings = "workers: 1\nlog-dir: " + folder_.path() +
                               "\ncache-dir: ''\ncapture: {interfaces: [br0]}\npolicy: [policy.yaml]\n"
                               "inventory: inventory.yaml\nsegments: {fast-path: ";
  const auto marks = [&](const std::string& family) {
    return lab_->output("nft list table " + family + " bulkhead").find("fast path") != std::string::npos;
  };
  const auto reload = [&](const std::string& scope, const std::string& generation) {
    folder_.write("bulkhead.yaml", settings + scope + "}\n");
    daemon_->signal(SIGHUP);
    return comes_true([&] { return folder_.log().find("generation " + generation) != std::string::npos; });
  };
  ASSERT_TRUE(start("fast-path: bridge")) << folder_.log();
  if (folder_.log().find("no fast path:") != std::string::npos) GTEST_SKIP() << folder_.log();
  EXPECT_EQ(marks("bridge"), !GetParam());
  EXPECT_FALSE(marks("inet"));
  ASSERT_TRUE(reload("all", "2")) << folder_.log();
  EXPECT_EQ(marks("bridge"), !GetParam());
  EXPECT_FALSE(marks("inet"));
  EXPECT_EQ(lab_->output("cat /proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal").substr(0, 1), "0");
  ASSERT_TRUE(reload("no", "3")) << folder_.log();
  EXPECT_FALSE(marks("bridge") || marks("inet"));
}

TEST_P(DaemonNetns, WhatOthersChangeInTheTablesIsRepairedAtOnce) {
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  ASSERT_TRUE(start("lease: 10s, grace: 0s")) << folder_.log();
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 99), Probe::kTimedOut);
  ASSERT_TRUE(lab_->run("nft flush ruleset"));
  EXPECT_TRUE(comes_true([&] { return folder_.log().find("differences repaired") != std::string::npos; }))
      << folder_.log();
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 99), Probe::kTimedOut);
  const char* family = GetParam() ? "inet" : "bridge";
  ASSERT_TRUE(lab_->run(std::string("nft insert rule ") + family + " bulkhead judge accept"));
  EXPECT_TRUE(comes_true([&] { return lab_->tcp("a", "b", IpFamily::kV4, 99) == Probe::kTimedOut; })) << folder_.log();
  EXPECT_NE(folder_.log().find("rule "), std::string::npos);
}

// Learned from live traffic, kept over a restart; what differs is an incident.
TEST_P(DaemonNetns, WhatIsUsualIsLearnedAndWhatDiffersIsAnIncident) {
  const std::string settings =
      "capture: {interfaces: [br0]}\ninventory: inventory.yaml\npolicy: [policy.yaml]\n"
      "behaviour: {learn-hours: 0, learn-flows: 280, learn-windows: 1, learn-age: 0}\n"
      "control: {socket: " +
      folder_.path() + "/control}\n";
  ASSERT_TRUE(start_with(settings)) << folder_.log();
  for (int i = 0; i < 300; ++i) ASSERT_EQ(lab_->tcp("c", "d", IpFamily::kV4, 80, 2s), Probe::kPassed);
  const std::string ask = std::string(BULKHEAD_BINARY) + " baseline --socket " + folder_.path() + "/control ";
  EXPECT_TRUE(comes_true([&] { return folder_.log().find("open/c is monitoring now") != std::string::npos; }))
      << folder_.log() << lab_->output(ask);
  const std::string policies = lab_->output(ask + "--format native");
  EXPECT_NE(policies.find("allow from ns=open app=c on tcp/80"), std::string::npos) << policies;
  ASSERT_EQ(lab_->tcp("c", "b", IpFamily::kV4, 85, 2s), Probe::kPassed);
  const auto incident = [&] {
    std::ifstream file(folder_.path() + "/eve.json");
    const std::string eve{std::istreambuf_iterator<char>(file), {}};
    return eve.find("open/c opened tcp/85 of shop/b for the first time") != std::string::npos;
  };
  EXPECT_TRUE(comes_true(incident)) << folder_.log() << lab_->output(ask + "--json");
  daemon_->end(SIGTERM);
  ASSERT_TRUE(start_with(settings)) << folder_.log();
  EXPECT_NE(folder_.log().find("are known from before"), std::string::npos) << folder_.log();
  EXPECT_NE(lab_->output(ask).find("open/d"), std::string::npos);
}

TEST_P(DaemonNetns, GuardSettingsTakeEffectAtAReload) {
  ASSERT_TRUE(start("lease: 10s, grace: 0s")) << folder_.log();
  const auto guards = [&] { return lab_->output("nft list tables").find("netdev bulkhead") != std::string::npos; };
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  EXPECT_TRUE(guards());
  const auto config = [&](const std::string& guard) {
    folder_.write("bulkhead.yaml", "capture: {interfaces: [br0]}\nworkers: 1\nlog-dir: " + folder_.path() +
                                       "\ncache-dir: ''\npolicy: [policy.yaml]\ninventory: inventory.yaml\nguard: {" +
                                       guard + "}\nsegments: {lease: 10s, grace: 0s}\n");
    daemon_->signal(SIGHUP);
  };
  config("arp-rate: 777");
  EXPECT_TRUE(comes_true([&] {
    return lab_->output("nft list table netdev bulkhead").find("777") != std::string::npos;
  })) << folder_.log();
  config("enabled: no");
  EXPECT_TRUE(comes_true([&] {
    return lab_->output("nft list table netdev bulkhead").find("port-") == std::string::npos;
  })) << folder_.log();
  EXPECT_TRUE(comes_true([&] {
    return lab_->output("nft list table bridge bulkhead").find("guard") != std::string::npos;
  })) << "the source pinning of the bridge takes its place";
  config("enabled: yes");
  EXPECT_TRUE(comes_true([&] {
    return lab_->output("nft list table netdev bulkhead").find("port-") != std::string::npos;
  })) << folder_.log();
}

// Sends a line and reads what comes back; empty: nothing did.
std::string say(const TcpPair& pair, const std::string& line) {
  if (::send(pair.client.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) return {};
  std::string out;
  char part[512];
  pollfd wait{pair.server.get(), POLLIN, 0};
  while (out.size() < line.size() && ::poll(&wait, 1, 400) == 1) {
    const auto n = ::recv(pair.server.get(), part, sizeof part, 0);
    if (n <= 0) break;
    out.append(part, static_cast<std::size_t>(n));
  }
  return out;
}

TEST_P(DaemonNetns, InlineTheAttackItselfDoesNotArrive) {
  if (!GetParam()) GTEST_SKIP() << "bridged packets reach netfilter's queues through br_netfilter only";
  folder_.write(
      "drop.rules",
      "drop tcp any any -> any any (msg:\"attack\"; flow:established,to_server; content:\"jndi:\"; sid:1;)\n");
  ASSERT_TRUE(start_with("inline: {flows: all, queues: 2}\nsignatures: [drop.rules]\n")) << folder_.log();
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    TcpPair attacked, other;
    ASSERT_TRUE(lab_->connect("a", "b", family, 80, attacked) && lab_->connect("c", "b", family, 81, other));
    EXPECT_EQ(say(attacked, "hello\n"), "hello\n");
    EXPECT_EQ(say(attacked, "${jndi:ldap://x}\n"), "") << "the first byte of it is one too many";
    EXPECT_EQ(say(attacked, "hello\n"), "") << "nor does what follows";
    EXPECT_EQ(say(other, "hello\n"), "hello\n");
  }
  const auto events = [&] {
    std::ifstream file(folder_.path() + "/eve.json");
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  EXPECT_TRUE(comes_true([&] { return events().find("\"action\":\"blocked\"") != std::string::npos; })) << events();
  daemon_->end(SIGTERM);
  EXPECT_EQ(lab_->output("nft list tables").find("ip bulkhead"), std::string::npos) << "no queue without a reader";
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 80, 2s), Probe::kPassed);
}

TEST_P(DaemonNetns, ThePolicySaysWhichFlowsAreInspectedInline) {
  folder_.write(
      "drop.rules",
      "drop tcp any any -> any any (msg:\"attack\"; flow:established,to_server; content:\"jndi:\"; sid:1;)\n");
  folder_.write("policy.yaml",
                "policy: all\nfor: any\ningress:\n"
                "  - allow: {from: any, ports: [tcp/80], inspect: inline}\n  - allow from any\n");
  const std::string settings =
      "inline: {flows: policy, queues: 1}\nsignatures: [drop.rules]\npolicy: [policy.yaml]\n"
      "inventory: inventory.yaml\n";
  const bool started = start_with(settings);
  if (!GetParam()) {
    EXPECT_FALSE(started);
    EXPECT_NE(folder_.log().find("bridge-nf-call-iptables"), std::string::npos) << folder_.log();
    return;
  }
  ASSERT_TRUE(started) << folder_.log();
  TcpPair held, other;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, held) && lab_->connect("a", "b", IpFamily::kV4, 81, other));
  EXPECT_EQ(say(held, "hello\n"), "hello\n");
  EXPECT_EQ(say(held, "${jndi:ldap://x}\n"), "") << "waits for its verdict";
  EXPECT_EQ(say(other, "${jndi:ldap://x}\n"), "${jndi:ldap://x}\n") << "not marked by its rule";
  daemon_->end(SIGTERM);
  EXPECT_FALSE(start_with("capture: {interfaces: [br0]}\n" + settings));
  EXPECT_NE(folder_.log().find("br0 is a bridge"), std::string::npos) << folder_.log();
}

// Frames of a host that reach another one.
class FrameCounter {
 public:
  FrameCounter(NetLab& lab, const std::string& at)
      : socket_(lab.socket_in(at, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))) {}
  // How many have this source.
  std::size_t from(const std::string& mac) {
    std::size_t out = 0;
    unsigned char frame[2048];
    unsigned char want[6] = {};
    std::sscanf(mac.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &want[0], &want[1], &want[2], &want[3], &want[4],
                &want[5]);
    for (;;) {
      const auto size = ::recv(socket_.get(), frame, sizeof frame, MSG_DONTWAIT);
      if (size < 14) return out;
      out += std::equal(want, want + 6, frame + 6) ? 1 : 0;
    }
  }

 private:
  testing::FileDescriptor socket_;
};

TEST_P(DaemonNetns, AnUnknownContainerGetsNothingOutOfItsPort) {
  ASSERT_TRUE(start("closed: ['veth-*'], lease: 10s")) << folder_.log();
  FrameCounter at_b(*lab_, "b");
  for (int i = 0; i < 5; ++i) {
    const std::string name = "new" + std::to_string(i);
    ASSERT_TRUE(lab_->add_host(name));
    EXPECT_EQ(lab_->tcp(name, "b", IpFamily::kV4, 80), Probe::kTimedOut);
    EXPECT_EQ(lab_->udp(name, "b", IpFamily::kV6, 80), Probe::kTimedOut);
    EXPECT_EQ(lab_->ping(name, "node", IpFamily::kV4), Probe::kTimedOut);
    const std::string mac = lab_->output(
        "ip -o link show dev eth0 | "
        "sed 's|.*link/ether \\([0-9a-f:]*\\).*|\\1|' | tr -d '\\n'",
        name);
    EXPECT_EQ(mac.size(), 17U) << mac;
    EXPECT_EQ(at_b.from(mac), 0U) << "not even ARP";
  }
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 80, 2s), Probe::kPassed) << "known ones go on";
  daemon_->end(SIGKILL);
}

INSTANTIATE_TEST_SUITE_P(Modes, DaemonNetns, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead
