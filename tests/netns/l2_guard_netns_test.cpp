// The guard of a port in a real kernel: frames from our own builder through a veth port of a bridge. Every
// attack is dropped, counted and logged for its reason and gets nowhere; every legal twin arrives.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "rules/fast_path/fast_path.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/l2_guard.h"
#include "rules/nft/nflog_reader.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/l2_frames.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/policy_text.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::FileDescriptor;
using testing::NetLab;
using Frame = test::Bytes;

// What Linux hands to a packet socket: the outermost tag stands beside the frame.
Frame without_tag(const Frame& frame) {
  Frame out = frame;
  const std::uint16_t type = load_be16(frame.data() + 12);
  if (type == 0x8100 || type == 0x88a8) out.erase(out.begin() + 12, out.begin() + 16);
  return out;
}

class L2GuardNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"sender", "victim"}, false);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    // The hosts' own chatter would be counted too.
    for (const char* host : {"sender", "victim"}) {
      ASSERT_TRUE(
          lab_->run("ip link set eth0 arp off && ip -6 addr flush dev eth0 && "
                    "echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6",
                    host));
    }
    ASSERT_TRUE(lab_->run("ip link set br0 type bridge mcast_snooping 0 && ip link set br0 arp off"));
    ASSERT_TRUE(lab_->run(std::string("ip link set eth0 address ") + testing::kSenderMac, "sender"));
    ASSERT_TRUE(lab_->run(std::string("ip link set eth0 address ") + testing::kVictimMac, "victim"));
    sender_ = packet_socket("sender");
    victim_ = packet_socket("victim");
    ASSERT_TRUE(sender_.valid() && victim_.valid());
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
    guard_ = std::make_unique<L2Guard>(*transport_, settings_);
  }

  FileDescriptor packet_socket(const std::string& host) {
    FileDescriptor fd = lab_->socket_in(host, AF_PACKET, SOCK_RAW, htons(0x0003));
    ifreq request{};
    std::strcpy(request.ifr_name, "eth0");
    if (::ioctl(fd.get(), SIOCGIFINDEX, &request) != 0) return {};
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(0x0003);
    address.sll_ifindex = request.ifr_ifindex;
    const int size = 4 << 20;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
    return fd;
  }

  GuardPort port(bool with_mac = true) const {
    GuardPort out;
    out.interface = "veth-sender";
    out.index = ::if_nametoindex("veth-sender");
    out.workload = "lab/sender";
    if (with_mac) out.mac = MacAddress::parse(testing::kSenderMac);
    out.addresses = {*IpAddress::parse("10.77.0.2"), *IpAddress::parse("fd77::2")};
    return out;
  }
  void guard(std::vector<GuardPort> ports) {
    auto report = guard_->load(std::move(ports));
    ASSERT_TRUE(report) << report.error().to_string();
  }
  void send(const Frame& frame) {
    ASSERT_EQ(::send(sender_.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  // Whether the frame comes before a marker sent behind it.
  bool arrives(const Frame& frame) {
    const Frame marker = test::PacketBuilder()
                             .ethernet({.destination = testing::kVictimMac, .source = testing::kSenderMac})
                             .ipv4("10.77.0.2", "10.77.0.3")
                             .udp(9, 9)
                             .payload("marker " + std::to_string(++markers_))
                             .build();
    send(frame);
    send(marker);
    bool seen = false;
    for (;;) {
      pollfd p{victim_.get(), POLLIN, 0};
      if (::poll(&p, 1, 2000) != 1) {
        ADD_FAILURE() << "the marker is lost";
        return seen;
      }
      Frame got(4096);
      const auto size = ::recv(victim_.get(), got.data(), got.size(), 0);
      got.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
      if (got == marker) return seen;
      seen = seen || got == frame || got == without_tag(frame);
    }
  }
  std::map<std::string, std::uint64_t> counters() {
    std::map<std::string, std::uint64_t> out;
    auto all = Enforcer(*transport_).counters();
    EXPECT_TRUE(all);
    if (!all) return out;
    for (const RuleCounter& counter : *all) out[counter.rule] = counter.packets;
    return out;
  }
  std::uint64_t count(GuardReason reason) { return counters()["guard/" + std::string(guard_reason_name(reason))]; }
  std::uint64_t drops() {
    std::uint64_t sum = 0;
    for (const auto& [rule, packets] : counters()) sum += packets;
    return sum;
  }

  GuardSettings settings_ = [] {
    GuardSettings out;
    out.arp_per_second = out.nd_per_second = 1'000'000;
    out.logs_per_second = 1'000'000;
    return out;
  }();
  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<L2Guard> guard_;
  FileDescriptor sender_, victim_;
  int markers_ = 0;
};

TEST_F(L2GuardNetns, WithoutTheGuardEveryAttackArrives) {
  std::size_t arrived = 0;
  for (const auto& attack : testing::attack_frames()) {
    EXPECT_EQ(arrives(attack.frame), attack.reaches_victim) << attack.name;
    arrived += attack.reaches_victim ? 1 : 0;
  }
  std::printf("%zu attack frames arrive without a guard\n", arrived);
}

TEST_F(L2GuardNetns, EveryAttackIsDroppedAndLoggedWithItsReason) {
  guard({port()});
  auto log = NflogReader::open(settings_.log_group, 65535);
  ASSERT_TRUE(log) << log.error().to_string();
  std::map<GuardReason, std::uint64_t> expected;
  const auto attacks = testing::attack_frames();
  for (const auto& attack : attacks) {
    EXPECT_FALSE(arrives(attack.frame)) << attack.name;
    ++expected[attack.reason];
    auto records = (*log)->read(1000ms);
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 1U) << attack.name;
    const NflogRecord& record = records->front();
    EXPECT_EQ(guard_reason_name(guard_reason_of_prefix(record.prefix)), guard_reason_name(attack.reason))
        << attack.name;
    EXPECT_EQ(record.in_index, port().index) << attack.name;
    EXPECT_EQ(Frame(record.frame), attack.frame) << attack.name;
  }
  EXPECT_GE(attacks.size(), 60U);
  EXPECT_EQ(expected.size(), all_guard_reasons().size() - 3)
      << "all but rates and the MAC count, which have tests below";
  std::printf("%zu attack frames dropped and logged, %zu reasons\n", attacks.size(), expected.size());
  for (const GuardReason reason : all_guard_reasons()) {
    EXPECT_EQ(count(reason), expected[reason]) << guard_reason_name(reason);
  }
}

TEST_F(L2GuardNetns, EveryLegalTwinPasses) {
  guard({port()});
  const auto legal = testing::legal_frames();
  for (const auto& twin : legal) EXPECT_TRUE(arrives(twin.frame)) << twin.name;
  for (const auto& [rule, packets] : counters()) EXPECT_EQ(packets, 0U) << rule;
  EXPECT_GE(legal.size(), 25U);
  std::printf("%zu legal frames pass\n", legal.size());
}

// The fast path repeats what was admitted and nothing else: each attack is stopped between packets that take it.
TEST_F(L2GuardNetns, WithTheFastPathEveryAttackIsDroppedAllTheSame) {
  guard({port()});
  auto path = FastPath::open();
  if (!path) GTEST_SKIP() << path.error().to_string();
  constexpr const char* kHosts =
      "nodes: [{name: n1, ips: [10.77.0.1]}]\npods:\n"
      "  - {namespace: lab, name: sender, ips: [10.77.0.2, 'fd77::2'], interface: veth-sender}\n"
      "  - {namespace: lab, name: victim, ips: [10.77.0.3, 'fd77::3'], interface: veth-victim}\n";
  Diagnostics diagnostics;
  const auto table = testing::compile_text(
      kHosts, "policy: open\ntier: platform\nfor: any\ningress:\n  - allow from any\n", diagnostics);
  ASSERT_NE(table, nullptr);
  NftSettings settings;
  settings.pin_sources = false;
  settings.fast_path = PathScope::kBridge;
  Enforcer enforcer(*transport_, settings);
  ASSERT_TRUE(enforcer.load(table));
  const PathPort victim{::if_nametoindex("veth-victim"), *MacAddress::parse(testing::kVictimMac)};
  ASSERT_EQ((*path)->use({{port().index, *port().mac}, victim}).value(), 2U);

  for (const auto& twin : testing::legal_frames()) {
    EXPECT_TRUE(arrives(twin.frame)) << twin.name;
    EXPECT_TRUE(arrives(twin.frame)) << twin.name << ", again";
  }
  const std::uint64_t before = (*path)->counts()->passed;
  EXPECT_GE(before, 20U);
  const auto attacks = testing::attack_frames();
  for (const auto& attack : attacks) EXPECT_FALSE(arrives(attack.frame)) << attack.name;
  EXPECT_GE((*path)->counts()->passed, before + attacks.size()) << "the markers";
}

TEST_F(L2GuardNetns, RatesHoldPerPort) {
  settings_.arp_per_second = settings_.nd_per_second = 20;
  guard_ = std::make_unique<L2Guard>(*transport_, settings_);
  guard({port()});
  const auto legal = testing::legal_frames();
  const auto frame_of = [&](const std::string& name) {
    return std::find_if(legal.begin(), legal.end(), [&](const auto& l) { return l.name == name; })->frame;
  };
  for (int i = 0; i < 200; ++i) {
    send(frame_of("ARP request"));
    send(frame_of("advertisement"));
  }
  for (const GuardReason reason : {GuardReason::kArpRate, GuardReason::kNdRate}) {
    EXPECT_GE(count(reason), 150U) << guard_reason_name(reason);
    EXPECT_LE(count(reason), 180U) << "the first twenty pass";
  }
  EXPECT_TRUE(arrives(frame_of("TCP"))) << "other traffic is not slowed";
}

TEST_F(L2GuardNetns, APortWithoutKnownMacLearnsNoMoreThanItMay) {
  settings_.max_macs = 2;
  guard_ = std::make_unique<L2Guard>(*transport_, settings_);
  guard({port(false)});
  const auto from = [](const std::string& mac, const std::string& sender_mac) {
    return test::PacketBuilder()
        .ethernet({.destination = testing::kVictimMac, .source = mac})
        .arp({.sender_mac = sender_mac, .sender_ip = "10.77.0.2", .target_ip = "10.77.0.3"})
        .build();
  };
  EXPECT_TRUE(arrives(from(testing::kSenderMac, testing::kSenderMac)));
  EXPECT_TRUE(arrives(from("02:77:00:00:00:22", "02:77:00:00:00:22")));
  EXPECT_FALSE(arrives(from("02:77:00:00:00:23", "02:77:00:00:00:23")));
  EXPECT_EQ(count(GuardReason::kMacCount), 1U);
  EXPECT_FALSE(arrives(from(testing::kSenderMac, testing::kOtherMac))) << "speaks of a MAC that it did not show";
  EXPECT_EQ(count(GuardReason::kArpSender), 1U);
  // Link-local addresses without a MAC to derive them from: enough to find neighbours, not to speak.
  const auto link_local = [](std::uint8_t type) {
    return test::PacketBuilder()
        .ethernet({.destination = testing::kVictimMac, .source = testing::kSenderMac})
        .ipv6("fe80::1234", "ff02::2", {.hop_limit = 255})
        .icmpv6(type, 0)
        .build();
  };
  EXPECT_TRUE(arrives(link_local(133)));
  EXPECT_FALSE(arrives(link_local(128)));
  EXPECT_EQ(count(GuardReason::kSource6), 1U);
}

TEST_F(L2GuardNetns, AChangeOfOnePortLeavesTheOthersAlone) {
  GuardPort other = port();
  other.interface = "veth-victim";
  other.index = ::if_nametoindex("veth-victim");
  other.mac = MacAddress::parse(testing::kVictimMac);
  other.addresses = {*IpAddress::parse("10.77.0.3")};
  guard({port(), other});
  EXPECT_FALSE(arrives(testing::attack_frames()[0].frame));
  const std::uint64_t before = drops();
  ASSERT_EQ(before, 1U);
  auto same = guard_->load({port(), other});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->changes, 0U);
  GuardPort moved = port();
  moved.addresses.push_back(*IpAddress::parse("10.77.0.9"));
  auto changed = guard_->load({moved, other});
  ASSERT_TRUE(changed) << changed.error().to_string();
  EXPECT_LT(changed->changes, 8U) << "one element, and the port's chain";
  EXPECT_EQ(drops(), before) << "counters survive";
  auto less = guard_->load({moved});
  ASSERT_TRUE(less) << less.error().to_string();
  EXPECT_EQ(less->ports, 1U);
  const std::string listing = lab_->output("nft list ruleset 2>&1");
  EXPECT_EQ(listing.find("port-veth-victim"), std::string::npos);
  EXPECT_NE(listing.find("hook ingress device \"veth-sender\" priority -500"), std::string::npos) << listing;
}

TEST_F(L2GuardNetns, AnInterfaceThatComesBackInheritsNothing) {
  guard({port()});
  ASSERT_TRUE(lab_->run("ip link del veth-sender"));
  // The same name, another interface: nothing is pinned to its index.
  ASSERT_TRUE(
      lab_->run("ip link add veth-sender type veth peer name stranger && ip link set veth-sender master br0 up && "
                "ip link set stranger up"));
  auto stale = guard_->load({});
  ASSERT_TRUE(stale) << stale.error().to_string();
  GuardPort gone = port();
  gone.index += 1000;
  auto skipped = guard_->load({gone, port()});
  ASSERT_TRUE(skipped) << skipped.error().to_string();
  EXPECT_EQ(skipped->ports, 1U);
  EXPECT_EQ(skipped->skipped, std::vector<std::string>{"veth-sender"});
}

TEST_F(L2GuardNetns, VerifyFindsWhatOthersChangedAndLoadMendsIt) {
  guard({port()});
  auto clean = guard_->verify();
  ASSERT_TRUE(clean);
  EXPECT_TRUE(clean->empty());
  NftCommand open;
  open.op = NftOp::kFlushChain;
  open.family = NftFamily::kNetdev;
  open.table = "bulkhead";
  open.name = "port-veth-sender";
  NftCommand foreign = open;
  foreign.op = NftOp::kAddElements;
  foreign.name = "pins4";
  foreign.set.elements.resize(1);
  foreign.set.elements[0].key = {1, 0, 0, 0, 10, 77, 0, 9};
  ASSERT_TRUE(transport_->apply({open, foreign}));
  auto findings = guard_->verify();
  ASSERT_TRUE(findings);
  const auto has = [&](const std::string& text) {
    return std::any_of(findings->begin(), findings->end(), [&](const auto& f) { return f.find(text) != f.npos; });
  };
  EXPECT_TRUE(has("rule 1 of chain port-veth-sender in table netdev bulkhead is missing"));
  EXPECT_TRUE(has("element 1 . 10.77.0.9 does not belong in set pins4"));
  guard({port()});
  EXPECT_FALSE(arrives(testing::attack_frames()[0].frame));
}

TEST_F(L2GuardNetns, ThePoliciesDoNotTouchItAndRecoverLeavesNothing) {
  const std::string before = lab_->output("nft list ruleset 2>&1");
  guard({port()});
  Enforcer enforcer(*transport_);
  auto loaded = enforcer.load(nullptr);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  auto again = guard_->load({port()});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->changes, 0U);
  auto findings = enforcer.verify();
  ASSERT_TRUE(findings);
  EXPECT_TRUE(findings->empty());
  auto removed = Enforcer::recover(*transport_);
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_EQ(*removed, 3U);
  EXPECT_EQ(lab_->output("nft list ruleset 2>&1"), before);
  EXPECT_TRUE(arrives(testing::attack_frames()[0].frame));
}

TEST_F(L2GuardNetns, TheListingOfNftAgrees) {
  if (!lab_->run("nft --version >/dev/null 2>&1")) GTEST_SKIP() << "the nft command is not installed";
  guard({port()});
  const std::string listing = lab_->output("nft list ruleset 2>&1");
  for (const char* part :
       {"table netdev bulkhead", "!= 0x27700000002 goto drop-mac",
        "counter packets 0 bytes 0 drop comment \"guard/arp-sender\"", "log prefix \"bulkhead guard vlan\" group 25192",
        "ip option lsrr exists goto drop-source-route"}) {
    EXPECT_NE(listing.find(part), std::string::npos) << part << "\n" << listing;
  }
}

}  // namespace
}  // namespace bulkhead::rules
