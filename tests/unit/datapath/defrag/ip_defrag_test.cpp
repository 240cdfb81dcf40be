#include "datapath/defrag/ip_defrag.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>

#include "datapath/decode/decoder.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::defrag {
namespace {

using decode::DecodeEvent;
using test::Bytes;
using test::PacketBuilder;

constexpr Timestamp kStart{1'700'000'000'000'000'000};

// Decodes frames and gives their fragments to a defragmenter.
class Bench {
 public:
  explicit Bench(const DefragSettings& settings = {}) : defrag(settings) {}

  DefragResult insert(const Bytes& frame, Timestamp now = kStart) {
    frames_.push_back(frame);
    raws_.push_back(test::raw_packet(frames_.back(), now));
    decoder.decode(raws_.back(), chain);
    EXPECT_TRUE(chain.views[0].is_fragment);
    return defrag.insert(chain.views[0], now);
  }
  // The view of the datagram in `result`.
  const decode::PacketView& decoded(const DefragResult& result) {
    decoder.decode_datagram(result.datagram, chain.views[0], chain);
    return chain.views[chain.count - 1];
  }

  decode::Decoder decoder{decode::DecodeSettings{}};
  IpDefrag defrag;
  decode::PacketChain chain;

 private:
  std::deque<Bytes> frames_;
  std::deque<io::RawPacket> raws_;
};

Bytes text(std::size_t size) {
  Bytes out(size);
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  return out;
}

Bytes v4_piece(std::uint32_t offset, bool more, const Bytes& data, std::uint16_t id = 1,
               std::string_view to = "10.0.0.2") {
  const test::Ipv4Fields fields{.id = id, .more_fragments = more, .fragment_offset = offset, .protocol = 17};
  return PacketBuilder().ethernet().ipv4("10.0.0.1", to, fields).payload(data).build();
}

Bytes v6_piece(std::uint32_t offset, bool more, const Bytes& data, std::uint32_t id = 1) {
  const test::FragmentFields fields{.offset = offset, .more = more, .id = id, .next_header = 17};
  return PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2").fragment(fields).payload(data).build();
}

TEST(IpDefrag, WholeDatagramsOfBothFamiliesInAnyOrder) {
  const Bytes data = text(1000);
  const Bytes whole[] = {
      PacketBuilder().ethernet().vlan(9).ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53).payload(data).build(),
      PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2").udp(1000, 53).payload(data).build()};
  for (const Bytes& frame : whole) {
    auto pieces = test::fragment_frame(frame, 200, 77);
    for (int order = 0; order < 2; ++order) {
      Bench bench;
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_TRUE(bench.insert(pieces[i]).datagram.empty());
      const DefragResult result = bench.insert(pieces.back());
      ASSERT_FALSE(result.datagram.empty());
      EXPECT_TRUE(result.events.empty());
      const decode::PacketView& v = bench.decoded(result);
      EXPECT_FALSE(v.invalid);
      EXPECT_FALSE(v.ip_checksum_bad);
      EXPECT_FALSE(v.l4_checksum_bad);
      EXPECT_FALSE(v.is_fragment);
      EXPECT_EQ(v.origin, decode::PacketOrigin::kDefragment);
      EXPECT_EQ(v.source_port, 1000);
      EXPECT_EQ(v.destination_port, 53);
      EXPECT_EQ(v.vlan_count, bench.chain.views[0].vlan_count);
      EXPECT_TRUE(std::equal(v.payload.begin(), v.payload.end(), data.begin(), data.end()));
      std::reverse(pieces.begin(), pieces.end());
    }
  }
}

TEST(IpDefrag, UnfragmentablePartOfIpv6IsKept) {
  const Bytes data = PacketBuilder().ipv6("fd00::1", "fd00::2").udp(5, 6).payload(text(32)).build();
  const Bytes udp(data.begin() + 40, data.end());
  const auto piece = [&](std::uint32_t offset, std::size_t end, bool more) {
    return PacketBuilder()
        .ethernet()
        .ipv6("fd00::1", "fd00::2")
        .hop_by_hop({5, 2, 0, 0, 0, 0})
        .routing(2, 0)
        .fragment({.offset = offset, .more = more, .id = 5, .next_header = 17})
        .payload(Bytes(udp.begin() + offset, udp.begin() + static_cast<std::ptrdiff_t>(end)))
        .build();
  };
  Bench bench;
  EXPECT_TRUE(bench.insert(piece(24, 40, false)).datagram.empty());
  const DefragResult result = bench.insert(piece(0, 24, true));
  ASSERT_FALSE(result.datagram.empty());
  const decode::PacketView& v = bench.decoded(result);
  EXPECT_TRUE(v.events.empty());
  EXPECT_EQ(v.ip_header_length, 56);
  EXPECT_EQ(v.protocol, 17);
  EXPECT_FALSE(v.l4_checksum_bad);
  EXPECT_EQ(v.payload.size(), 32U);
}

TEST(IpDefrag, Ipv4OptionsOfTheFirstFragmentAreKept) {
  const test::Ipv4Fields options{.id = 3, .options = {148, 4, 0, 0}};
  const Bytes frame =
      PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", options).udp(1, 2).payload(text(100)).build();
  Bench bench;
  DefragResult result;
  for (const Bytes& piece : test::fragment_frame(frame, 48, 3)) result = bench.insert(piece);
  const decode::PacketView& v = bench.decoded(result);
  EXPECT_EQ(v.ip_header_length, 24);
  EXPECT_FALSE(v.ip_checksum_bad);
  EXPECT_FALSE(v.l4_checksum_bad);
}

TEST(IpDefrag, KeysKeepDatagramsApart) {
  Bench bench;
  const Bytes half = text(16);
  EXPECT_TRUE(bench.insert(v4_piece(0, true, half, 1)).datagram.empty());
  EXPECT_TRUE(bench.insert(v4_piece(16, false, half, 2)).datagram.empty());              // other identification
  EXPECT_TRUE(bench.insert(v4_piece(16, false, half, 1, "10.0.0.3")).datagram.empty());  // other destination
  EXPECT_TRUE(bench
                  .insert(PacketBuilder()
                              .ethernet()
                              .vlan(5)
                              .ipv4("10.0.0.1", "10.0.0.2", {.id = 1, .fragment_offset = 16, .protocol = 17})
                              .payload(half)
                              .build())
                  .datagram.empty());  // other VLAN
  EXPECT_TRUE(bench
                  .insert(PacketBuilder()
                              .ethernet()
                              .ipv4("10.0.0.1", "10.0.0.2", {.id = 1, .fragment_offset = 16, .protocol = 6})
                              .payload(half)
                              .build())
                  .datagram.empty());  // other protocol
  EXPECT_FALSE(bench.insert(v4_piece(16, false, half, 1)).datagram.empty());
}

TEST(IpDefrag, OverlapsRaiseTheEventOfTheirFamily) {
  Bench bench;
  static_cast<void>(bench.insert(v4_piece(0, true, text(24))));
  const DefragResult v4 = bench.insert(v4_piece(16, false, text(24)));
  EXPECT_TRUE(v4.events.contains(DecodeEvent::ipv4_frag_overlap));
  EXPECT_FALSE(v4.datagram.empty());
  static_cast<void>(bench.insert(v6_piece(0, true, text(24))));
  const DefragResult v6 = bench.insert(v6_piece(16, false, text(24)));
  EXPECT_TRUE(v6.events.contains(DecodeEvent::ipv6_frag_overlap));
  EXPECT_FALSE(v6.datagram.empty());
}

TEST(IpDefrag, TooLargeFragmentsAreLeftOut) {
  Bench bench;
  const DefragResult v4 = bench.insert(v4_piece(65528, false, text(8)));
  EXPECT_TRUE(v4.events.contains(DecodeEvent::ipv4_frag_pkt_too_large));
  const DefragResult v6 = bench.insert(v6_piece(65528, false, text(9)));
  EXPECT_TRUE(v6.events.contains(DecodeEvent::ipv6_frag_pkt_too_large));
  EXPECT_TRUE(bench.insert(v6_piece(65520, false, text(9))).events.empty());
}

// A header with options makes the whole longer than any packet although each fragment fits.
TEST(IpDefrag, TooLargeOnlyWithTheOptionsOfTheFirst) {
  Bench bench;
  const test::Ipv4Fields first{.id = 1, .more_fragments = true, .options = Bytes(40, 1), .protocol = 17};
  static_cast<void>(
      bench.insert(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", first).payload(Bytes(32768)).build()));
  const DefragResult result = bench.insert(v4_piece(32768, false, Bytes(32740)));
  EXPECT_TRUE(result.datagram.empty());
  EXPECT_TRUE(result.events.contains(DecodeEvent::ipv4_frag_pkt_too_large));
}

TEST(IpDefrag, IncompleteDatagramsTimeOut) {
  Bench bench;
  static_cast<void>(bench.insert(v4_piece(0, true, text(16)), kStart));
  static_cast<void>(bench.insert(v6_piece(0, true, text(16)), kStart));
  bench.defrag.expire(kStart + std::chrono::seconds(60));
  EXPECT_EQ(bench.defrag.counters().ipv4_timeouts.value(), 0U);
  EXPECT_TRUE(bench.insert(v4_piece(16, false, text(16)), kStart + std::chrono::seconds(61)).datagram.empty());
  EXPECT_EQ(bench.defrag.counters().ipv4_timeouts.value(), 1U);
  EXPECT_EQ(bench.defrag.counters().ipv6_timeouts.value(), 1U);
}

TEST(IpDefrag, AFragmentRenewsTheTimeout) {
  Bench bench;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const auto now = kStart + std::chrono::seconds(50 * i);
    EXPECT_EQ(bench.insert(v4_piece(i * 16, i < 4, text(16)), now).datagram.empty(), i < 4);
  }
}

TEST(IpDefrag, FullTableGivesUpTheOldest) {
  Bench bench({.max_trackers = 2, .host_policy = {}});
  for (std::uint16_t id = 1; id <= 3; ++id) static_cast<void>(bench.insert(v4_piece(0, true, text(16), id)));
  EXPECT_EQ(bench.defrag.counters().max_trackers_hit.value(), 1U);
  EXPECT_TRUE(bench.insert(v4_piece(16, false, text(16), 1)).datagram.empty());  // was given up; pushes out 2
  EXPECT_FALSE(bench.insert(v4_piece(16, false, text(16), 3)).datagram.empty());
}

TEST(IpDefrag, FragmentLimitGivesUpTheOldestThenTheFragment) {
  Bench bench({.max_fragments = 2, .host_policy = {}});
  static_cast<void>(bench.insert(v4_piece(0, true, text(16), 1)));
  static_cast<void>(bench.insert(v4_piece(0, true, text(16), 2)));
  EXPECT_TRUE(bench.insert(v4_piece(16, true, text(16), 2)).events.empty());  // 1 is gone
  const DefragResult over = bench.insert(v4_piece(32, true, text(16), 2));
  EXPECT_TRUE(over.events.contains(DecodeEvent::ipv4_frag_ignored));
  EXPECT_EQ(bench.defrag.counters().max_fragments_hit.value(), 2U);
}

TEST(IpDefrag, MemcapGivesUpTheOldestThenTheFragment) {
  Bench bench({.memcap_bytes = 10000, .host_policy = {}});
  for (std::uint16_t id = 1; id <= 3; ++id) static_cast<void>(bench.insert(v4_piece(0, true, text(16), id)));
  EXPECT_EQ(bench.defrag.counters().memcap_hit.value(), 1U);
  EXPECT_TRUE(bench.insert(v4_piece(16, false, text(16), 1)).datagram.empty());
  EXPECT_FALSE(bench.insert(v4_piece(16, false, text(16), 3)).datagram.empty());
  const DefragResult over = bench.insert(v6_piece(0, true, Bytes(16384)));
  EXPECT_TRUE(over.events.contains(DecodeEvent::ipv6_frag_ignored));
}

TEST(IpDefrag, ThousandsOfDatagramsAtOnce) {
  Bench bench;
  for (std::uint16_t id = 0; id < 5000; ++id)
    EXPECT_TRUE(bench.insert(v4_piece(0, true, text(16), id)).datagram.empty());
  for (std::uint16_t id = 0; id < 5000; ++id)
    EXPECT_FALSE(bench.insert(v4_piece(16, false, text(16), id)).datagram.empty());
  EXPECT_EQ(bench.defrag.counters().ipv4_reassembled.value(), 5000U);
  EXPECT_EQ(bench.defrag.counters().ipv4_fragments.value(), 10000U);
}

TEST(IpDefrag, PolicyOfTheLongestPrefix) {
  DefragSettings settings;
  settings.default_policy = FragmentPolicy::kFirst;
  settings.host_policy = {{*IpPrefix::parse("10.0.0.0/8"), FragmentPolicy::kLast},
                          {*IpPrefix::parse("10.0.0.3"), FragmentPolicy::kFirst}};
  const auto first_byte = [&](std::string_view to) {
    Bench bench(settings);
    static_cast<void>(bench.insert(v4_piece(0, true, Bytes(16, 'A'), 1, to)));
    static_cast<void>(bench.insert(v4_piece(0, true, Bytes(16, 'B'), 1, to)));
    return static_cast<char>(bench.insert(v4_piece(16, false, Bytes(8, 'C'), 1, to)).datagram[20]);
  };
  EXPECT_EQ(first_byte("10.0.0.2"), 'B');
  EXPECT_EQ(first_byte("10.0.0.3"), 'A');
  EXPECT_EQ(first_byte("192.0.2.1"), 'A');
}

}  // namespace
}  // namespace bulkhead::defrag
