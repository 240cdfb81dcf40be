// Real packets at the ends of every interval: random policies in the kernel, and for flows whose addresses and ports
// lie on, before and behind the ends of the compiled ranges one frame each through the bridge. What arrives must be
// what the classifier admits.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <set>

#include "rules/classify/classifier.h"
#include "rules/compile/explain.h"
#include "rules/nft/conntrack.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "tests/netns/net_lab.h"
#include "tests/support/packet_builder.h"
#include "tests/unit/rules/nft/ruleset_mutants.h"
#include "tests/unit/rules/random_policies.h"

namespace bulkhead::rules {
namespace {

using bulkhead::test::PacketBuilder;
using bulkhead::testing::NetLab;
using testing::RandomPolicies;
using testing::RandomWorld;

constexpr const char* kMacA = "02:00:00:00:0a:0a";
constexpr const char* kMacB = "02:00:00:00:0b:0b";
constexpr std::string_view kMark = "bulkhead";

test::Bytes frame_of(const FlowQuery& query, std::uint32_t number) {
  const std::string source = query.tuple.source.to_string(), destination = query.tuple.destination.to_string();
  PacketBuilder out;
  out.ethernet({.destination = kMacB, .source = kMacA});
  const std::uint8_t protocol = query.tuple.protocol;
  const bool known = has_ports(protocol) || query.is_icmp();
  if (query.tuple.source.is_v4()) {
    test::Ipv4Fields fields;
    if (!known) fields.protocol = protocol;
    out.ipv4(source, destination, fields);
  } else {
    test::Ipv6Fields fields;
    if (!known) fields.next_header = protocol;
    out.ipv6(source, destination, fields);
  }
  const std::uint16_t from = query.tuple.source_port, to = query.tuple.destination_port;
  if (protocol == ip_proto::kTcp) out.tcp(from, to, {.flags = test::tcp_flags::kSyn});
  if (protocol == ip_proto::kUdp) out.udp(from, to);
  if (protocol == ip_proto::kSctp) out.sctp(from, to);
  if (protocol == ip_proto::kIcmp) out.icmp(query.icmp_type, query.icmp_code, {.rest = number});
  if (protocol == ip_proto::kIcmpv6) out.icmpv6(query.icmp_type, query.icmp_code, {.rest = number});
  std::string payload(kMark);
  for (const int shift : {24, 16, 8, 0}) payload += static_cast<char>(number >> shift);
  return out.payload(payload).build();
}

// Flows of which none is the answer to another: conntrack and the followed flows would let it pass.
class OneWayFlows {
 public:
  bool add(const FlowQuery& query) {
    FlowTuple tuple = query.tuple;
    if (!has_ports(tuple.protocol)) tuple.source_port = tuple.destination_port = 0;
    FlowTuple back = tuple;
    std::swap(back.source, back.destination);
    std::swap(back.source_port, back.destination_port);
    return !seen_.contains(back) && seen_.insert(tuple).second;
  }

 private:
  std::set<FlowTuple> seen_;
};

class EndpointNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    ASSERT_TRUE(lab_->run(std::string("ip link set eth0 address ") + kMacA, "a"));
    ASSERT_TRUE(lab_->run(std::string("ip link set eth0 address ") + kMacB, "b"));
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport);
    transport_ = std::move(*transport);
    out_ = lab_->socket_in("a", AF_PACKET, SOCK_RAW, 0);
    in_ = lab_->socket_in("b", AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    const int size = 8 << 20;
    ::setsockopt(in_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    to_.sll_family = AF_PACKET;
    to_.sll_ifindex = std::atoi(lab_->output("ip -o link show dev eth0 | cut -d: -f1", "a").c_str());
    to_.sll_halen = 6;
  }
  void send(const test::Bytes& frame) {
    ASSERT_EQ(::sendto(out_.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to_), sizeof to_),
              static_cast<ssize_t>(frame.size()));
  }
  // What an earlier world admitted is no answer here.
  static void forget_connections() {
    auto conntrack = ConntrackTable::open();
    ASSERT_TRUE(conntrack);
    const auto all = conntrack->dump();
    ASSERT_TRUE(all);
    EXPECT_TRUE(conntrack->remove(*all));
  }
  // Numbers of the frames that came through, until none came for a while.
  std::set<std::uint32_t> arrived() {
    std::set<std::uint32_t> out;
    pollfd ready{in_.get(), POLLIN, 0};
    Byte frame[2048];
    while (::poll(&ready, 1, 150) == 1) {
      const auto size = ::recv(in_.get(), frame, sizeof frame, 0);
      if (size < 12) continue;
      const Byte* tail = frame + size - 12;
      if (std::equal(kMark.begin(), kMark.end(), tail)) out.insert(load_be32(tail + 8));
    }
    return out;
  }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  bulkhead::testing::FileDescriptor out_, in_;
  sockaddr_ll to_{};
};

// In the bridge, errors pass without a flow; and what the stack of a bridge drops by itself is no verdict of ours.
bool is_judged(const FlowQuery& query, bool inet) {
  if (query.tuple.source == query.tuple.destination) return false;
  const bool v4 = query.tuple.source.is_v4();
  if (!inet && query.tuple.protocol == ip_proto::kIcmp) {
    return query.icmp_type != 3 && query.icmp_type != 11 && query.icmp_type != 12;
  }
  if (!inet && query.tuple.protocol == ip_proto::kIcmpv6) return query.icmp_type > 4;
  // Errors that quote no packet, tunnels without an inner header.
  if (query.is_icmp() &&
      (v4 ? query.icmp_type == 3 || query.icmp_type == 11 || query.icmp_type == 12 : query.icmp_type < 5)) {
    return false;
  }
  return true;
}

TEST_P(EndpointNetns, WhatArrivesIsWhatTheClassifierAdmits) {
  std::size_t sent = 0, refused = 0, worlds = 0;
  std::uint32_t number = 0;
  for (std::uint64_t seed = 100; seed < 116; ++seed) {
    RandomPolicies random(seed);
    RandomWorld world = random.make();
    if (world.table == nullptr) continue;
    NftSettings settings;
    settings.pin_sources = false;  // all flows come out of one port here
    Enforcer enforcer(*transport_, settings);
    ASSERT_TRUE(enforcer.load(world.table));
    const Classifier classifier(world.table);
    std::map<std::uint32_t, FlowQuery> flows;
    OneWayFlows seen;
    forget_connections();
    static_cast<void>(arrived());
    for (int i = 0; i < 400; ++i) {
      const FlowQuery query = random.flow(world);
      if (!is_judged(query, GetParam()) || !seen.add(query)) continue;
      flows.emplace(++number, query);
      send(frame_of(query, number));
    }
    const std::set<std::uint32_t> came = arrived();
    for (const auto& [id, query] : flows) {
      const bool admitted = classifier.classify(query).allowed();
      EXPECT_EQ(came.contains(id), admitted)
          << "seed " << seed << ": " << explain(*world.table, query).to_string(*world.table);
      refused += admitted ? 0 : 1;
      ++sent;
    }
    ++worlds;
    if (HasFailure()) return;
  }
  RecordProperty("packets", static_cast<int>(sent));
  std::printf("%zu packets under %zu random policies, %zu refused\n", sent, worlds, refused);
  EXPECT_GT(sent, 2000U);
  EXPECT_GT(refused, sent / 10);
}

// The same packets catch what a compiler could get wrong.
TEST_P(EndpointNetns, SeededSlipsOfTheCompilerAreCaught) {
  const NftFamily family = GetParam() ? NftFamily::kInet : NftFamily::kBridge;
  std::size_t caught = 0, possible = 0;
  std::uint32_t number = 1 << 20;
  for (const testing::RulesetMutant& mutant : testing::ruleset_mutants()) {
    // The bridge family has no reject to get wrong.
    if (!GetParam() && std::string_view(mutant.slip).starts_with("reject")) continue;
    ++possible;
    bool differs = false;
    for (std::uint64_t seed = 200; seed < 230 && !differs; ++seed) {
      RandomPolicies random(seed);
      RandomWorld world = random.make();
      if (world.table == nullptr) continue;
      NftSettings settings;
      settings.pin_sources = false;
      NftRuleset ruleset = render_ruleset(world.table.get(), EnforcementMode::detect(), settings);
      for (NftTable& table : ruleset.tables) {
        if (table.family == family) mutant.seed(table);
      }
      static_cast<void>(Enforcer::recover(*transport_));
      const Status applied = transport_->apply(compare_rulesets(ruleset, {}).batch);
      if (!applied) {
        differs = true;  // not even the kernel takes it
        break;
      }
      forget_connections();
      const Classifier classifier(world.table);
      std::map<std::uint32_t, FlowQuery> flows;
      OneWayFlows seen;
      for (int i = 0; i < 300; ++i) {
        const FlowQuery query = random.flow(world);
        if (!is_judged(query, GetParam()) || !seen.add(query)) continue;
        flows.emplace(++number, query);
        send(frame_of(query, number));
      }
      const std::set<std::uint32_t> came = arrived();
      differs = std::any_of(flows.begin(), flows.end(), [&](const auto& flow) {
        return came.contains(flow.first) != classifier.classify(flow.second).allowed();
      });
    }
    EXPECT_TRUE(differs) << mutant.slip;
    caught += differs ? 1 : 0;
  }
  std::printf("%zu of %zu seeded slips caught by real packets\n", caught, possible);
  EXPECT_EQ(caught, possible);
  EXPECT_GE(caught, 20U);
}

INSTANTIATE_TEST_SUITE_P(Modes, EndpointNetns, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead::rules
