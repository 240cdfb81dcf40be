#include "datapath/flow/flow_table.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/packet_views.h"

namespace bulkhead::flow {
namespace {

using decode::PacketView;
using test::ViewFields;
using test::ViewMaker;

Timestamp at(double seconds) {
  return {ViewMaker::kEpoch * 1'000'000'000 + static_cast<std::int64_t>(seconds * 1e9)};
}

struct Ended {
  std::uint64_t first_packet;
  FlowEndReason reason;
};

class FlowTableTest : public ::testing::Test {
 protected:
  FlowTable make_table(FlowSettings settings = {}) {
    return FlowTable(settings, [this](Flow& f, FlowEndReason r) { ended.push_back({f.first_packet, r}); });
  }
  [[nodiscard]] std::vector<std::uint64_t> ended_order() const {
    std::vector<std::uint64_t> out;
    for (const Ended& e : ended) out.push_back(e.first_packet);
    return out;
  }
  static ViewFields back(ViewFields f) {
    std::swap(f.from, f.to);
    std::swap(f.source_port, f.destination_port);
    return f;
  }
  ViewMaker make;
  std::vector<Ended> ended;
};

TEST_F(FlowTableTest, BothDirectionsAreOneFlow) {
  FlowTable table = make_table();
  const FlowLookup first = table.lookup(make.udp({.ttl = 60}));
  ASSERT_NE(first.flow, nullptr);
  EXPECT_TRUE(first.is_new);
  EXPECT_EQ(first.direction, Direction::kToServer);
  EXPECT_EQ(first.flow->state, FlowState::kNew);
  const FlowLookup second = table.lookup(make.udp(back({.at = 1, .ttl = 50, .frame_bytes = 100})));
  EXPECT_EQ(second.flow, first.flow);
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.direction, Direction::kToClient);
  EXPECT_EQ(second.flow->state, FlowState::kEstablished);
  EXPECT_EQ(second.flow->counts[0].packets, 1U);
  EXPECT_EQ(second.flow->counts[0].bytes, 60U);
  EXPECT_EQ(second.flow->counts[1].bytes, 100U);
  EXPECT_EQ(second.flow->counts[0].max_ttl, 60U);
  EXPECT_EQ(second.flow->counts[1].min_ttl, 50U);
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(FlowTableTest, EachFlowIsVisitedOnceWithPacketsInBetween) {
  FlowTable table = make_table();
  std::set<const Flow*> before, visited;
  for (std::uint16_t port = 1; port <= 3000; ++port) before.insert(table.lookup(make.udp({.source_port = port})).flow);
  Flow* const ended_flow = table.lookup(make.udp({.source_port = 7})).flow;
  table.end(*ended_flow, FlowEndReason::kForced);
  before.erase(ended_flow);
  std::uint32_t from = 0, calls = 0;
  do {
    std::uint32_t seen = 0;
    from = table.visit_some(from, 100, [&](Flow& flow) {
      EXPECT_TRUE(visited.insert(&flow).second);
      ++seen;
    });
    EXPECT_LE(seen, 100U);
    static_cast<void>(table.lookup(make.udp({.source_port = static_cast<std::uint16_t>(4000 + ++calls)})));
  } while (from != FlowTable::kVisited);
  EXPECT_GE(calls, 30U);
  for (const Flow* flow : before) EXPECT_TRUE(visited.contains(flow));
  FlowTable empty = make_table();
  EXPECT_EQ(empty.visit_some(0, 100, [](Flow&) { FAIL(); }), FlowTable::kVisited);
}

TEST_F(FlowTableTest, PacketsWithoutFlow) {
  FlowTable table = make_table();
  PacketView& fragment = make.udp({});
  fragment.is_fragment = true;
  EXPECT_EQ(table.lookup(fragment).flow, nullptr);
  PacketView& broken = make.udp({});
  broken.invalid = true;
  EXPECT_EQ(table.lookup(broken).flow, nullptr);
  EXPECT_EQ(table.lookup(PacketView{}).flow, nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(FlowTableTest, VlanAndTunnelDepthArePartOfTheKeyUnlessSwitchedOff) {
  FlowTable table = make_table();
  Flow* plain = table.lookup(make.udp({})).flow;
  Flow* tagged = table.lookup(make.udp({.vlan = {1, 10}})).flow;
  EXPECT_NE(tagged, plain);
  EXPECT_EQ(tagged->vlan_count, 2);
  EXPECT_EQ(tagged->vlan_id[0], 1);
  EXPECT_EQ(tagged->vlan_id[1], 10);
  EXPECT_NE(table.lookup(make.udp({.tunnel_depth = 1})).flow, plain);
  FlowTable loose = make_table({.vlan_in_key = false, .tunnel_depth_in_key = false});
  Flow* one = loose.lookup(make.udp({})).flow;
  EXPECT_EQ(loose.lookup(make.udp({.vlan = {1, 10}})).flow, one);
  EXPECT_EQ(loose.lookup(make.udp({.tunnel_depth = 1})).flow, one);
}

TEST_F(FlowTableTest, EchoRequestAndReplyAreOneFlow) {
  FlowTable table = make_table();
  Flow* ping = table.lookup(make.icmp({}, 8, 0, 77)).flow;
  const FlowLookup pong = table.lookup(make.icmp(back({}), 0, 0, 77));
  EXPECT_EQ(pong.flow, ping);
  EXPECT_EQ(pong.direction, Direction::kToClient);
  EXPECT_EQ(ping->icmp_type[0], 8);
  EXPECT_EQ(ping->icmp_type[1], 0);
  EXPECT_TRUE(ping->established());
  EXPECT_EQ(table.lookup(make.icmp({}, 8, 0, 78)).flow, ping) << "the identifier does not count";
  EXPECT_NE(table.lookup(make.icmp({}, 13, 0, 77)).flow, ping);
  EXPECT_NE(table.lookup(make.icmp(back({}), 8, 0, 77)).flow, ping) << "the other host asks";
  Flow* six = table.lookup(make.icmp({.from = "fe80::1", .to = "fe80::2"}, 128, 0, 5)).flow;
  EXPECT_EQ(table.lookup(make.icmp({.from = "fe80::2", .to = "fe80::1"}, 129, 0, 5)).flow, six);
}

TEST_F(FlowTableTest, EchoesMayBeToldApartById) {
  FlowTable table = make_table({.icmp_id_in_key = true});
  Flow* ping = table.lookup(make.icmp({}, 8, 0, 77)).flow;
  EXPECT_EQ(table.lookup(make.icmp(back({}), 0, 0, 77)).flow, ping);
  EXPECT_NE(table.lookup(make.icmp({}, 8, 0, 78)).flow, ping);
}

TEST_F(FlowTableTest, ErrorAboutAPingBelongsToNoFlow) {
  FlowTable table = make_table();
  Flow* ping = table.lookup(make.icmp({}, 8, 0, 77)).flow;
  PacketView& error = make.icmp({.from = "10.0.0.9", .to = "10.0.0.1"}, 11, 0);
  error.has_icmp_quoted = true;
  error.icmp_quoted = {ViewMaker::address("10.0.0.1"), ViewMaker::address("10.0.0.2"), 77, 77, ip_proto::kIcmp};
  EXPECT_EQ(table.lookup(error).flow, nullptr);
  EXPECT_EQ(ping->counts[1].packets, 0U);
}

TEST_F(FlowTableTest, PingToOneselfHasTwoDirections) {
  FlowTable table = make_table();
  EXPECT_EQ(table.lookup(make.icmp({.to = "10.0.0.1"}, 8, 0, 1)).direction, Direction::kToServer);
  EXPECT_EQ(table.lookup(make.icmp({.to = "10.0.0.1"}, 0, 0, 1)).direction, Direction::kToClient);
}

TEST_F(FlowTableTest, IcmpErrorBelongsToTheQuotedFlow) {
  FlowTable table = make_table();
  PacketView& orphan = make.icmp({.from = "10.0.0.9", .to = "10.0.0.1"}, 3, 3);
  orphan.has_icmp_quoted = true;
  orphan.icmp_quoted = {ViewMaker::address("10.0.0.1"), ViewMaker::address("10.0.0.2"), 40000, 80, ip_proto::kUdp};
  EXPECT_EQ(table.lookup(orphan).flow, nullptr);
  Flow* flow = table.lookup(make.udp({})).flow;
  PacketView& error = make.icmp({.from = "10.0.0.9", .to = "10.0.0.1"}, 3, 3);
  error.has_icmp_quoted = true;
  error.icmp_quoted = {ViewMaker::address("10.0.0.1"), ViewMaker::address("10.0.0.2"), 40000, 80, ip_proto::kUdp};
  const FlowLookup found = table.lookup(error);
  EXPECT_EQ(found.flow, flow);
  EXPECT_EQ(found.direction, Direction::kToClient);
  EXPECT_EQ(flow->counts[1].packets, 1U);
  EXPECT_FALSE(flow->established()) << "the other end has not been heard";
  EXPECT_EQ(table.lookup(make.icmp({}, 3, 1)).flow, nullptr) << "an error without quoted packet";
}

TEST_F(FlowTableTest, AnIcmpv6ErrorIsAFlowOfItsOwn) {
  FlowTable table = make_table();
  const auto make_error = [&]() -> PacketView& {
    PacketView& error = make.icmp({.from = "fe80::9", .to = "fe80::1"}, 1, 4);
    error.has_icmp_quoted = true;
    error.icmp_quoted = {ViewMaker::address("fe80::1"), ViewMaker::address("fe80::2"), 40000, 80, ip_proto::kUdp};
    return error;
  };
  const FlowLookup first = table.lookup(make_error());
  ASSERT_NE(first.flow, nullptr);
  EXPECT_TRUE(first.is_new);
  EXPECT_EQ(first.flow->icmp_type[0], 1);
  EXPECT_EQ(first.flow->icmp_code[0], 4);
  const FlowLookup again = table.lookup(make_error());
  EXPECT_EQ(again.flow, first.flow);
  EXPECT_EQ(again.direction, Direction::kToServer);
  Flow* quoted = table.lookup(make.udp({.from = "fe80::1", .to = "fe80::2"})).flow;
  EXPECT_EQ(table.lookup(make_error()).flow, first.flow) << "whatever it quotes";
  EXPECT_EQ(quoted->counts[1].packets, 0U);
}

TEST_F(FlowTableTest, PacketsOfOtherProtocolsAreForThemselves) {
  FlowTable table = make_table();
  EXPECT_EQ(table.lookup(make.ip(ip_proto::kGre, {})).flow, nullptr);
  EXPECT_EQ(table.lookup(make.ip(89, {})).flow, nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(FlowTableTest, EspFlowsAreToldApartBySpi) {
  FlowTable table = make_table();
  PacketView& one = make.ip(ip_proto::kEsp, {});
  one.esp_spi = 0x10001;
  Flow* first = table.lookup(one).flow;
  EXPECT_EQ(first->esp_spi, 0x10001U);
  PacketView& other = make.ip(ip_proto::kEsp, {});
  other.esp_spi = 0x10002;
  EXPECT_NE(table.lookup(other).flow, first);
  PacketView& reply = make.ip(ip_proto::kEsp, back({}));
  reply.esp_spi = 0x10001;
  const FlowLookup found = table.lookup(reply);
  EXPECT_EQ(found.flow, first);
  EXPECT_EQ(found.direction, Direction::kToClient);
}

TEST_F(FlowTableTest, TimeoutsByStateInOrderOfExpiryThenFirstPacket) {
  FlowTable table = make_table();
  (void)table.lookup(make.udp({.source_port = 1, .at = 0}));  // new: 30 s
  (void)table.lookup(make.udp({.source_port = 2, .at = 0}));  // becomes established: 300 s
  (void)table.lookup(make.udp(back({.source_port = 2, .at = 0})));
  (void)table.lookup(make.udp({.source_port = 3, .at = 5}));  // new, later
  (void)table.lookup(make.udp({.source_port = 4, .at = 0}));  // taken at time 5: time never runs back
  table.expire(at(30));
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{}));
  table.expire(at(30.9));
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{})) << "whole seconds count";
  table.expire(at(31));
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{1}));
  table.expire(at(36));
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{1, 4, 5}));
  table.expire(at(2000));
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{1, 4, 5, 2}));
  for (const Ended& e : ended) EXPECT_EQ(e.reason, FlowEndReason::kTimeout);
  EXPECT_EQ(table.counters().ended_timeout.value(), 4U);
}

TEST_F(FlowTableTest, AFlowThatClosesAfterItsLookupGetsTheShorterTimeout) {
  FlowTable table = make_table();
  Flow* flow = table.lookup(make.tcp({}, {})).flow;
  flow->state = FlowState::kEstablished;
  table.expire(at(1));
  (void)table.lookup(make.tcp({.at = 2}, {}));
  flow->state = FlowState::kClosed;  // as the stream engine does behind the lookup
  table.expire(at(61));
  EXPECT_TRUE(ended.empty());
  table.expire(at(63));
  EXPECT_EQ(ended.size(), 1U);
}

TEST_F(FlowTableTest, LookupAfterTheTimeoutMakesANewFlow) {
  FlowTable table = make_table();
  const std::uint64_t id = table.lookup(make.udp({.at = 0})).flow->id;
  const FlowLookup later = table.lookup(make.udp({.at = 31}));
  EXPECT_TRUE(later.is_new);
  EXPECT_NE(later.flow->id, id);
  EXPECT_EQ(ended.size(), 1U);
}

TEST_F(FlowTableTest, AtTheLimitTheLeastRecentlyUsedEnds) {
  FlowTable table = make_table({.max_flows = 3});
  for (std::uint16_t port = 1; port <= 3; ++port) (void)table.lookup(make.udp({.source_port = port}));
  (void)table.lookup(make.udp({.source_port = 1}));  // packet 4: flow 1 is fresh again
  (void)table.lookup(make.udp({.source_port = 4}));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].first_packet, 2U);
  EXPECT_EQ(ended[0].reason, FlowEndReason::kForced);
  EXPECT_EQ(table.size(), 3U);
}

TEST_F(FlowTableTest, EndAllGoesByFirstPacketAndEmptiesTheTable) {
  FlowTable table = make_table();
  for (std::uint16_t port = 1; port <= 5; ++port) (void)table.lookup(make.udp({.source_port = port}));
  (void)table.lookup(make.udp({.source_port = 1}));
  table.end_all(FlowEndReason::kShutdown);
  EXPECT_EQ(ended_order(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_TRUE(table.lookup(make.udp({.source_port = 1})).is_new);
}

TEST_F(FlowTableTest, IdsAreDeterministicAndFitInADouble) {
  std::set<std::uint64_t> ids[2];
  for (std::set<std::uint64_t>& set : ids) {
    ViewMaker maker;
    FlowTable table = make_table();
    for (std::uint16_t port = 1; port <= 1000; ++port) {
      const std::uint64_t id = table.lookup(maker.udp({.source_port = port})).flow->id;
      EXPECT_NE(id, 0U);
      EXPECT_LT(id, 1ULL << 53);
      set.insert(id);
    }
    EXPECT_EQ(set.size(), 1000U);
  }
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(FlowTableTest, ReopenTakesThePacketOutOfTheOldFlow) {
  std::vector<std::uint64_t> packets;
  FlowTable table({}, [&](Flow& f, FlowEndReason) { packets.push_back(f.counts[0].packets); });
  (void)table.lookup(make.tcp({}, {}));
  PacketView& syn = make.tcp({.at = 1}, {});
  const FlowLookup again = table.lookup(syn);
  EXPECT_FALSE(again.is_new);
  const FlowLookup fresh = table.reopen(*again.flow, syn, FlowEndReason::kForced);
  EXPECT_TRUE(fresh.is_new);
  EXPECT_EQ(packets, (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(fresh.flow->counts[0].packets, 1U);
  EXPECT_EQ(table.counters().tcp_reuse.value(), 1U);
}

// Against a map of what must be there, with enough flows to grow chunks and shift index entries.
TEST_F(FlowTableTest, ManyFlowsComeAndGo) {
  FlowTable table = make_table({.max_flows = 3000});
  std::uint32_t random = 7;
  std::set<std::uint16_t> live;
  for (int i = 0; i < 60000; ++i) {
    random = random * 1664525U + 1013904223U;
    const auto port = static_cast<std::uint16_t>(1 + (random >> 16) % 2900);
    const FlowLookup found = table.lookup(make.udp({.source_port = port, .at = 0.001 * i}));
    EXPECT_EQ(found.is_new, live.insert(port).second);
    EXPECT_EQ(found.flow->client.source_port, port);
    if ((random & 7) == 0) {
      table.end(*found.flow, FlowEndReason::kForced);
      live.erase(port);
    }
    ASSERT_EQ(table.size(), live.size());
  }
}

}  // namespace
}  // namespace bulkhead::flow
