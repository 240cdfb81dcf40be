// The fast path of the bridge in a real kernel: its programs against a slow twin, and hosts whose flows take it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "datapath/base/flow_key.h"
#include "rules/block/block_manager.h"
#include "rules/fast_path/fast_path.h"
#include "rules/fast_path/flow_programs.h"
#include "rules/nft/admitted_flows.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/l2_guard.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/policy_text.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::NetLab;
using testing::Probe;

constexpr int kRedirect = 7, kGoOn = -1;  // TC_ACT_REDIRECT, TCX_NEXT

std::unique_ptr<FastPath> opened(PathScope scope, std::chrono::milliseconds lifetime, std::string& why) {
  auto path = FastPath::open({scope, lifetime});
  if (path) return std::move(*path);
  why = path.error().to_string();
  return nullptr;
}

// --- programs and twin ---

struct Maps {
  bpf::BpfObject flows4, flows6, ports, epoch, counts;
  [[nodiscard]] PathMaps numbers() const {
    return {flows4.get(), flows6.get(), ports.get(), epoch.get(), counts.get()};
  }
};

// What a program answers to a frame; nullopt: the kernel cannot run it so.
std::optional<int> run(int program, ByteSpan frame, std::uint32_t mark, std::uint32_t ingress) {
  __sk_buff context{};
  context.mark = mark;
  context.ingress_ifindex = ingress;
  context.ifindex = 1;  // lo, which every namespace has
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = reinterpret_cast<std::uint64_t>(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.ctx_in = reinterpret_cast<std::uint64_t>(&context);
  attributes.test.ctx_size_in = sizeof context;
  if (::syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes) != 0) return std::nullopt;
  return static_cast<int>(attributes.test.retval);
}

std::vector<Byte> random_frame(std::mt19937& random) {
  const auto one_of = [&](std::initializer_list<int> list) { return *(list.begin() + random() % list.size()); };
  const bool v6 = random() % 2 == 0;
  std::vector<Byte> out(14 + 60 + random() % 20);  // all of the smallest headers, and more
  for (Byte& b : out) b = static_cast<Byte>(random());
  store_be16(&out[12],
             static_cast<std::uint16_t>(one_of({v6 ? 0x86dd : 0x0800, v6 ? 0x86dd : 0x0800, 0x0806, 0x8100})));
  out[14] = static_cast<Byte>(v6 ? one_of({0x60, 0x6f, 0x45}) : one_of({0x45, 0x45, 0x45, 0x46, 0x44, 0x65}));
  const int protocol = one_of({6, 6, 6, 17, 17, 1, 58, 132, 44});
  out[v6 ? 20 : 23] = static_cast<Byte>(protocol);
  if (!v6) store_be16(&out[20], static_cast<std::uint16_t>(one_of({0, 0x4000, 0x4000, 0x2000, 0x0001, 0x8000})));
  out[14 + (v6 ? 40 : 20) + 13] = static_cast<Byte>(one_of({0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x42, 0}));
  // Cut behind the network header: less the kernel does not let a program see.
  const std::size_t least = 14 + (v6 ? 40 : 20);
  if (random() % 4 == 0) out.resize(least + random() % (out.size() - least));
  return out;
}

TEST(FastPathNetns, TheProgramsTakeTheFramesThatTheTwinTakes) {
  if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
  Maps maps;
  const auto make = [](bpf::BpfObject& to, const bpf::MapShape& shape) {
    auto map = bpf::make_map(shape, "bh_test");
    if (map) to = std::move(*map);
    return static_cast<bool>(map);
  };
  if (!make(maps.flows4, {BPF_MAP_TYPE_HASH, sizeof(FlowKey4), sizeof(FlowEntry), 64, 0})) GTEST_SKIP() << "no bpf(2)";
  ASSERT_TRUE(make(maps.flows6, {BPF_MAP_TYPE_HASH, sizeof(FlowKey6), sizeof(FlowEntry), 64, 0}));
  ASSERT_TRUE(make(maps.ports, {BPF_MAP_TYPE_HASH, 4, sizeof(PortEntry), 4, 0}));
  ASSERT_TRUE(make(maps.epoch, {BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0}));
  ASSERT_TRUE(make(maps.counts, {BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2, 0}));
  const auto in = bpf::load_program(BPF_PROG_TYPE_SCHED_CLS, ingress_program(maps.numbers()), "bh_in");
  ASSERT_TRUE(in) << in.error().to_string();
  const auto out = bpf::load_program(BPF_PROG_TYPE_SCHED_CLS, egress_program(maps.numbers(), 10'000'000'000), "bh_out");
  ASSERT_TRUE(out) << out.error().to_string();
  const std::uint32_t lo = 1, other_port = 77, epoch = 5, first = 0;
  const PortEntry nobody;
  ASSERT_TRUE(bpf::set_element(maps.ports.get(), &other_port, &nobody));
  ASSERT_TRUE(bpf::set_element(maps.epoch.get(), &first, &epoch));

  std::mt19937 random(3);
  unsigned passed = 0, learned = 0, openings = 0;
  for (int round = 0; round < 40000; ++round) {
    const std::vector<Byte> frame = random_frame(random);
    const auto map_of = [&](const std::vector<Byte>& key) {
      return key.size() == sizeof(FlowKey4) ? maps.flows4.get() : maps.flows6.get();
    };
    // In: known, known of another epoch, too old, or known by another byte of the key.
    const auto key = flow_key(frame, lo, false);
    const unsigned kind = random() % 5;
    FlowEntry entry{lo, kind == 1 ? epoch + 1 : epoch, kind == 2 ? 1 : UINT64_MAX};
    std::vector<Byte> stored = key.value_or(std::vector<Byte>());
    if (key) {
      if (kind == 3) stored[random() % stored.size()] ^= 1;
      ASSERT_TRUE(bpf::set_element(map_of(stored), stored.data(), &entry));
    }
    const bool goes = key && kind != 1 && kind != 2 && kind != 3;
    const auto answer = run(in->get(), frame, 0, 0);
    ASSERT_TRUE(answer.has_value()) << std::strerror(errno) << frame.size();
    ASSERT_EQ(*answer, goes ? kRedirect : kGoOn) << "round " << round << ", kind " << kind;
    passed += goes ? 1 : 0;
    if (key) {
      ASSERT_TRUE(bpf::drop_element(map_of(stored), stored.data()));
    }

    // Out: marked or not, from another port, elsewhere or this node, for the MAC of this port or another.
    const std::uint32_t mark = random() % 4 == 0 ? 0x1234 : kAdmittedMark | 0x1234;
    const std::uint32_t from = random() % 8 == 0 ? 0 : random() % 8 == 0 ? 78 : 77;
    PortEntry port;
    if (frame.size() >= 6) std::memcpy(port.mac.data(), frame.data(), 6);
    const bool other = random() % 4 == 0;
    if (other) port.mac[random() % 6] ^= 0x10;
    ASSERT_TRUE(bpf::set_element(maps.ports.get(), &lo, &port));
    ASSERT_EQ(run(out->get(), frame, mark, from), kGoOn);
    const auto wanted = flow_key(frame, from, true);
    const bool remembers = wanted && (mark & kAdmittedMark) != 0 && from == 77 && !other;
    if (!wanted) continue;
    FlowEntry seen;
    ASSERT_EQ(static_cast<bool>(bpf::get_element(map_of(*wanted), wanted->data(), &seen)), remembers) << round;
    if (!remembers) continue;
    ++learned;
    openings += flow_key(frame, from, false).has_value() ? 0 : 1;
    EXPECT_EQ(seen.out, lo);
    EXPECT_EQ(seen.epoch, epoch);
    EXPECT_GT(seen.until, 10'000'000'000U);
    ASSERT_TRUE(bpf::drop_element(map_of(*wanted), wanted->data()));
  }
  EXPECT_GT(passed, 1000U);
  EXPECT_GT(learned, 1000U);
  EXPECT_GT(openings, 100U);
  std::vector<std::uint64_t> each(static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)));
  std::uint64_t counted = 0;
  ASSERT_TRUE(bpf::get_element(maps.counts.get(), &first, each.data()));
  for (const std::uint64_t count : each) counted += count;
  EXPECT_EQ(counted, passed);
}

// --- traffic ---

constexpr const char* kInventory = R"(
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.77.0.2, 'fd77::2'], interface: veth-web}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.77.0.3, 'fd77::3'], interface: veth-db}
  - {namespace: test, name: intruder, labels: {app: other}, ips: [10.77.0.4, 'fd77::4'], interface: veth-intruder}
)";
constexpr const char* kOpen = R"(
policy: db
tier: platform
for: app=db
ingress:
  - allow from app=web on tcp/6379, udp/5300
  - deny from any
)";
constexpr const char* kTight = R"(
policy: db
tier: platform
for: app=db
ingress:
  - deny from any
)";

struct Kind {
  bool conntrack;  // judged in inet, with br_netfilter
  IpFamily family;
};

class FastPathTraffic : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db", "intruder"}, GetParam().conntrack);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
    NftSettings settings;
    settings.fast_path = scope();
    settings.grace = 0ms;
    enforcer_ = std::make_unique<Enforcer>(*transport_, settings);
    load(kOpen);
  }
  void open(std::chrono::milliseconds lifetime = kPathLifetime) {
    std::string why;
    path_ = opened(scope(), lifetime, why);
    if (path_ == nullptr) GTEST_SKIP() << why;
    const auto in = path_->use(ports());
    ASSERT_TRUE(in) << in.error().to_string();
    ASSERT_EQ(*in, 3U);
  }
  [[nodiscard]] static PathScope scope() { return GetParam().conntrack ? PathScope::kAll : PathScope::kBridge; }
  void load(const std::string& policies) {
    Diagnostics diagnostics;
    const auto table = testing::compile_text(kInventory, policies, diagnostics);
    ASSERT_NE(table, nullptr);
    auto report = enforcer_->load(table);
    ASSERT_TRUE(report) << report.error().to_string();
  }
  [[nodiscard]] std::vector<PathPort> ports() const {
    std::vector<PathPort> out;
    for (const char* name : {"web", "db", "intruder"}) {
      const std::string mac =
          lab_->output("ip -o link show eth0 | sed 's/.*ether \\([0-9a-f:]*\\).*/\\1/'", name).substr(0, 17);
      out.push_back({::if_nametoindex(lab_->host(name).interface.c_str()), MacAddress::parse(mac).value()});
    }
    return out;
  }
  [[nodiscard]] PathCounts counts() const { return path_->counts().value(); }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<FastPath> path_;
};

TEST_P(FastPathTraffic, AnAdmittedFlowTakesItAndEveryPacketArrives) {
  open();
  if (IsSkipped()) return;
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 100), 100U);
  const PathCounts after = counts();
  EXPECT_GE(after.passed, 90U);
  EXPECT_LE(after.learned, 4U) << "not packet by packet";
  testing::TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", GetParam().family, 6379, pair));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(pair.carries(i % 2 == 0, 500ms)) << i;
  EXPECT_GE(counts().passed, after.passed + 20);
}

// What reads along at both ports sees every packet, in and out.
TEST_P(FastPathTraffic, TapsSeeWhatTakesIt) {
  open();
  if (IsSkipped()) return;
  std::map<std::string, testing::FileDescriptor> taps;
  for (const char* name : {"web", "db"}) {
    testing::FileDescriptor tap(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(lab_->host(name).interface.c_str()));
    ASSERT_EQ(::bind(tap.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    taps[name] = std::move(tap);
  }
  ASSERT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 50), 50U);
  ASSERT_GE(counts().passed, 40U);
  const std::size_t port_at = 14U + (GetParam().family == IpFamily::kV4 ? 20U : 40U) + 2U;
  for (const auto& [name, tap] : taps) {
    unsigned seen = 0;
    Byte frame[256];
    for (ssize_t got = 0; (got = ::recv(tap.get(), frame, sizeof frame, 0)) > 0;) {
      if (static_cast<std::size_t>(got) > port_at + 1 && load_be16(frame + port_at) == 5300) ++seen;
    }
    EXPECT_EQ(seen, 50U) << name;
  }
}

TEST_P(FastPathTraffic, WhatIsRefusedNeverTakesIt) {
  open();
  if (IsSkipped()) return;
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 10), 10U);
  const std::uint64_t before = counts().passed;
  EXPECT_EQ(lab_->datagrams("intruder", "db", GetParam().family, 5300, 10), 0U);
  EXPECT_EQ(lab_->tcp("intruder", "db", GetParam().family, 6379), Probe::kTimedOut);
  EXPECT_EQ(lab_->tcp("web", "db", GetParam().family, 6380), Probe::kTimedOut);
  EXPECT_EQ(counts().passed, before);
}

TEST_P(FastPathTraffic, ATighterPolicyStopsItAtOnce) {
  open();
  if (IsSkipped()) return;
  testing::TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", GetParam().family, 6379, pair));
  ASSERT_TRUE(pair.carries(true, 500ms));
  ASSERT_TRUE(pair.carries(true, 500ms));
  ASSERT_GT(counts().passed, 0U);
  load(kTight);
  const std::uint64_t before = counts().passed;
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 5), 0U);
  static_cast<void>(pair.carries(true, 100ms));  // followed flows of before go on until somebody cuts them
  load(kOpen);
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
  EXPECT_GT(counts().passed, before);
}

TEST_P(FastPathTraffic, ABlockStopsItAtOnce) {
  open();
  if (IsSkipped()) return;
  testing::TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", GetParam().family, 6379, pair));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pair.carries(i % 2 == 0, 500ms));
  ASSERT_GT(counts().passed, 0U);
  BlockManager blocks(*transport_, {});
  Block block;
  block.kind = BlockKind::kSource;
  block.tuple.source = lab_->address_of("web", GetParam().family);
  const auto blocked = blocks.add(block);
  ASSERT_TRUE(blocked) << blocked.error().to_string();
  EXPECT_FALSE(pair.carries(true, 200ms));
}

// Megabytes in both directions, begun before and gone on after the time of a flow: nothing is lost, and conntrack,
// which sees one packet now and then, does not lose the connection.
TEST_P(FastPathTraffic, ALongConnectionGoesOn) {
  open(100ms);
  if (IsSkipped()) return;
  testing::TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", GetParam().family, 6379, pair));
  std::vector<char> block(200'000, 'x'), got(block.size());
  const auto end = std::chrono::steady_clock::now() + 1500ms;
  std::size_t sent = 0, received = 0;
  while (std::chrono::steady_clock::now() < end) {
    const auto& [from, to] = sent / 1'000'000 % 2 == 0 ? std::pair(pair.client.get(), pair.server.get())
                                                       : std::pair(pair.server.get(), pair.client.get());
    const ssize_t out = ::send(from, block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (out > 0) sent += static_cast<std::size_t>(out);
    for (std::size_t left = sent - received; left > 0;) {
      pollfd ready{to, POLLIN, 0};
      ASSERT_EQ(::poll(&ready, 1, 2000), 1) << "stalls after " << received;
      const ssize_t in = ::recv(to, got.data(), std::min(left, got.size()), 0);
      ASSERT_GT(in, 0);
      left -= static_cast<std::size_t>(in);
      received += static_cast<std::size_t>(in);
    }
  }
  EXPECT_EQ(received, sent);
  EXPECT_GT(sent, 10'000'000U);
  // In the bridge the rules themselves remember for 10 s.
  if (GetParam().conntrack) {
    EXPECT_GT(counts().learned, 10U) << "remembered anew, again and again";
  }
  EXPECT_GT(counts().passed, 100U);
}

TEST_P(FastPathTraffic, ItIsAskedAgainWhenItsTimeIsOver) {
  open(200ms);
  if (IsSkipped()) return;
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 10), 10U);
  const PathCounts first = counts();
  std::this_thread::sleep_for(300ms);
  testing::TcpPair pair;
  ASSERT_TRUE(lab_->connect("web", "db", GetParam().family, 6379, pair));
  ASSERT_TRUE(pair.carries(true, 500ms));
  const PathCounts second = counts();
  EXPECT_GT(second.passed, first.passed);
  std::this_thread::sleep_for(300ms);
  ASSERT_TRUE(pair.carries(true, 500ms)) << "the rules know the flow still";
  EXPECT_LE(counts().passed, second.passed + 1) << "too old: the packet and its answer took the usual way";
}

// The intruder sends, from its own port, frames that are those of web's flow in every byte.
TEST_P(FastPathTraffic, AnotherPortDoesNotTakePartInAFlow) {
  open();
  if (IsSkipped()) return;
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 10), 10U);
  const std::uint64_t before = counts().passed;
  const bool v4 = GetParam().family == IpFamily::kV4;
  ASSERT_TRUE(lab_->run(v4 ? "ip addr del 10.77.0.4/24 dev eth0 && ip addr add 10.77.0.2/24 dev eth0"
                           : "ip -6 addr del fd77::4/64 dev eth0 && ip -6 addr add fd77::2/64 dev eth0 nodad",
                        "intruder"));
  const std::string mac = ports()[0].mac.to_string();
  ASSERT_TRUE(lab_->run("ip link set eth0 address " + mac, "intruder"));
  static_cast<void>(lab_->datagrams("intruder", "db", GetParam().family, 5300, 10));
  EXPECT_EQ(counts().passed, before);
}

TEST_P(FastPathTraffic, APortThatComesLaterIsIn) {
  std::string why;
  path_ = opened(scope(), kPathLifetime, why);
  if (path_ == nullptr) GTEST_SKIP() << why;
  const std::vector<PathPort> all = ports();
  ASSERT_EQ(path_->use({all[1], all[2]}).value(), 2U);
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
  EXPECT_EQ(counts().passed, 0U);
  ASSERT_EQ(path_->use(all).value(), 3U);
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
  EXPECT_GE(counts().passed, 10U);
}

TEST_P(FastPathTraffic, PortsWithFiltersOfOthersAreLeftOut) {
  if (!lab_->run("tc qdisc add dev " + lab_->host("web").interface + " clsact 2>/dev/null")) {
    GTEST_SKIP() << "no tc here";
  }
  std::string why;
  path_ = opened(scope(), kPathLifetime, why);
  if (path_ == nullptr) GTEST_SKIP() << why;
  EXPECT_EQ(path_->use(ports()).value(), 2U);
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
  EXPECT_EQ(path_->use({}).value(), 0U);
  for (const bpf::Side side : {bpf::Side::kIngress, bpf::Side::kEgress}) {
    EXPECT_TRUE(bpf::attached(ports()[1].index, side)->empty());
  }
}

TEST_P(FastPathTraffic, WhatAnEarlierProcessLeftGoes) {
  open();
  if (IsSkipped()) return;
  const std::uint32_t port = ports()[0].index;
  const auto liberal = [&] { return lab_->output("cat /proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal")[0]; };
  const char while_open = GetParam().conntrack ? '1' : '0';
  EXPECT_EQ(liberal(), while_open);
  path_.reset();  // as if the process had ended
  EXPECT_EQ(bpf::attached(port, bpf::Side::kIngress)->size(), 1U) << "the programs stay with the rules";
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
  open();
  EXPECT_EQ(bpf::attached(port, bpf::Side::kIngress)->size(), 1U);
  EXPECT_EQ(FastPath::recover().value(), 3U);
  EXPECT_EQ(liberal(), while_open) << "connections that took it need it";
  EXPECT_EQ(FastPath::recover().value(), 0U);
  EXPECT_TRUE(bpf::attached(port, bpf::Side::kIngress)->empty());
  EXPECT_EQ(lab_->datagrams("web", "db", GetParam().family, 5300, 20), 20U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FastPathTraffic,
                         ::testing::Values(Kind{false, IpFamily::kV4}, Kind{false, IpFamily::kV6},
                                           Kind{true, IpFamily::kV4}, Kind{true, IpFamily::kV6}),
                         [](const auto& kind) {
                           return std::string(kind.param.conntrack ? "Conntrack" : "Bridge") +
                                  (kind.param.family == IpFamily::kV4 ? "V4" : "V6");
                         });

}  // namespace
}  // namespace bulkhead::rules
