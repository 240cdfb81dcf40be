// The views of well-formed frames: every link layer, network, transport and tunnel; checksums; super-packets; limits.
#include "datapath/decode/decoder.h"

#include <gtest/gtest.h>

#include "datapath/decode/ipv4.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::decode {
namespace {

using test::Bytes;
using test::concat;
using test::PacketBuilder;

// One decoded frame with everything its views point to.
struct Decoded {
  explicit Decoded(Bytes frame, io::LinkType link = io::LinkType::kEthernet, const DecodeSettings& settings = {},
                   const io::RawPacket& like = {})
      : bytes(std::move(frame)), raw(like), decoder(settings) {
    raw.data = bytes.data();
    raw.captured = raw.wire_length = static_cast<std::uint32_t>(bytes.size());
    raw.link_type = link;
    decoder.decode(raw, chain);
  }
  [[nodiscard]] const PacketView& view(std::size_t i = 0) const {
    EXPECT_LT(i, chain.count);
    return chain.views[i];
  }
  [[nodiscard]] const PacketView& last() const { return chain.views[chain.count - 1]; }

  Bytes bytes;
  io::RawPacket raw;
  Decoder decoder;
  PacketChain chain;
};

std::string text_of(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}
PacketBuilder ip4(const test::Ipv4Fields& f = {}) {
  return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", f);
}
PacketBuilder ip6(const test::Ipv6Fields& f = {}) {
  return PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2", f);
}

TEST(Decoder, TcpOverIpv4) {
  const Bytes options = concat({test::tcp_option_mss(1460), test::tcp_option_sack_permitted(),
                                test::tcp_option_timestamps(7, 9), test::tcp_option_window_scale(6)});
  const test::TcpFieldsIn tcp{
      .flags = 0x12, .seq = 0x01020304, .ack = 5, .window = 77, .urgent = 3, .options = options};
  const Decoded d(ip4({.ttl = 9, .tos = 0x28, .id = 0xbeef, .dont_fragment = true})
                      .tcp(40000, 443, tcp)
                      .payload("hello")
                      .trailer({1, 2, 3})
                      .build());
  const PacketView& v = d.view();
  EXPECT_EQ(d.chain.count, 1U);
  EXPECT_EQ(v.ether_type, 0x0800);
  EXPECT_EQ(v.ethernet, d.bytes.data());
  EXPECT_EQ(v.family, IpFamily::kV4);
  EXPECT_EQ(v.source.to_string(), "10.0.0.1");
  EXPECT_EQ(v.destination.to_string(), "10.0.0.2");
  EXPECT_EQ(v.ttl, 9);
  EXPECT_EQ(v.tos, 0x28);
  EXPECT_EQ(v.fragment_id, 0xbeefU);
  EXPECT_TRUE(v.dont_fragment);
  EXPECT_FALSE(v.is_fragment || v.more_fragments || v.reserved_bit);
  EXPECT_EQ(v.source_port, 40000);
  EXPECT_EQ(v.destination_port, 443);
  EXPECT_TRUE(v.has_tcp);
  EXPECT_EQ(v.tcp.seq, 0x01020304U);
  EXPECT_EQ(v.tcp.ack, 5U);
  EXPECT_EQ(v.tcp.flags, 0x12);
  EXPECT_EQ(v.tcp.window, 77);
  EXPECT_EQ(v.tcp.urgent, 3);
  EXPECT_TRUE(v.tcp.has_mss && v.tcp.sack_permitted && v.tcp.has_timestamps && v.tcp.has_window_scale);
  EXPECT_FALSE(v.tcp.has_sack || v.tcp.has_fast_open);
  EXPECT_EQ(v.tcp.mss, 1460);
  EXPECT_EQ(v.tcp.ts_value, 7U);
  EXPECT_EQ(v.tcp.ts_echo, 9U);
  EXPECT_EQ(v.tcp.window_scale, 6);
  EXPECT_EQ(text_of(v.payload), "hello");  // without the trailer
  EXPECT_FALSE(v.ip_checksum_bad || v.l4_checksum_bad || v.invalid || v.truncated);
  EXPECT_TRUE(v.events.empty());
}

TEST(Decoder, TimestampsInTheUsualPlace) {
  const Bytes options = concat({{1, 1}, test::tcp_option_timestamps(0x01020304, 0x05060708)});
  const Decoded d(ip4().tcp(1, 2, {.options = options}).build());
  EXPECT_TRUE(d.view().tcp.has_timestamps);
  EXPECT_EQ(d.view().tcp.ts_value, 0x01020304U);
  EXPECT_EQ(d.view().tcp.ts_echo, 0x05060708U);
}

TEST(Decoder, FastOpenOptionAndItsExperimentalForm) {
  EXPECT_TRUE(Decoded(ip4().tcp(1, 2, {.options = {34, 2}}).build()).view().tcp.has_fast_open);
  EXPECT_TRUE(Decoded(ip4().tcp(1, 2, {.options = {254, 4, 0xf9, 0x89}}).build()).view().tcp.has_fast_open);
  EXPECT_FALSE(Decoded(ip4().tcp(1, 2, {.options = {254, 4, 1, 1}}).build()).view().tcp.has_fast_open);
}

TEST(Decoder, UdpOverIpv6WithExtensionHeaders) {
  const Decoded d(ip6({.hop_limit = 3, .traffic_class = 0xb8})
                      .hop_by_hop({5, 2, 0, 0, 0, 0})
                      .routing(2, 0)
                      .destination_options({0xc9, 4, 0, 0, 0, 0})
                      .auth_header(5)
                      .udp(53, 54)
                      .payload("abc")
                      .build());
  const PacketView& v = d.view();
  EXPECT_EQ(v.family, IpFamily::kV6);
  EXPECT_EQ(v.source.to_string(), "fd00::1");
  EXPECT_EQ(v.ttl, 3);
  EXPECT_EQ(v.tos, 0xb8);
  EXPECT_EQ(v.protocol, 17);
  EXPECT_EQ(v.ip_header_length, 40 + 8 + 8 + 8 + 24);
  EXPECT_EQ(v.l4_header, v.ip_header + v.ip_header_length);
  EXPECT_EQ(text_of(v.payload), "abc");
  EXPECT_FALSE(v.l4_checksum_bad);
}

TEST(Decoder, ArpIsRead) {
  const Decoded d(PacketBuilder().ethernet().arp({.operation = 2, .sender_ip = "192.0.2.9"}).pad_to_60().build());
  ASSERT_NE(d.view().arp, nullptr);
  EXPECT_EQ(d.view().arp_operation, 2);
  EXPECT_EQ(IpAddress::v4(d.view().arp + 14).to_string(), "192.0.2.9");
  EXPECT_FALSE(d.view().is_ip());
  EXPECT_EQ(d.decoder.counters().arp.value(), 1U);
}

TEST(Decoder, OtherOrShortArpIsLeftAlone) {
  EXPECT_EQ(Decoded(PacketBuilder().ethernet({.ether_type = 0x0806}).payload(Bytes(28)).build()).view().arp, nullptr);
  const Decoded shortened(PacketBuilder().ethernet({.ether_type = 0x0806}).payload(Bytes(20)).build());
  EXPECT_EQ(shortened.view().arp, nullptr);
  EXPECT_TRUE(shortened.view().truncated);
}

TEST(Decoder, VlanTagsOutermostFirst) {
  const Decoded d(PacketBuilder()
                      .ethernet()
                      .vlan(100, {.tpid = 0x88a8, .priority = 5})
                      .vlan(200)
                      .ipv4("10.0.0.1", "10.0.0.2")
                      .udp(1, 2)
                      .build());
  EXPECT_EQ(d.view().vlan_count, 2);
  EXPECT_EQ(d.view().vlan_id[0], 100);
  EXPECT_EQ(d.view().vlan_id[1], 200);
  EXPECT_EQ(d.view().ether_type, 0x0800);
  EXPECT_TRUE(d.view().has_udp);
}

TEST(Decoder, OutOfBandVlanIsTheOutermost) {
  io::RawPacket like;
  like.vlan = {0x8100, 0xe005, true};
  const Decoded d(PacketBuilder().ethernet().vlan(6).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build(),
                  io::LinkType::kEthernet, {}, like);
  EXPECT_EQ(d.view().vlan_count, 2);
  EXPECT_EQ(d.view().vlan_id[0], 5);
  EXPECT_EQ(d.view().vlan_id[1], 6);
  EXPECT_EQ(d.decoder.counters().vlan.value(), 1U);
  EXPECT_EQ(d.decoder.counters().vlan_qinq.value(), 1U);
}

TEST(Decoder, LlcIsNothingWrong) {
  const Decoded d(PacketBuilder().ethernet({.ether_type = 38}).payload(test::from_hex("4242030000")).build());
  EXPECT_TRUE(d.view().events.empty());
  EXPECT_FALSE(d.view().invalid || d.view().is_ip());
  EXPECT_EQ(d.decoder.counters().unknown_ethertype.value(), 1U);
}

TEST(Decoder, EveryLinkTypeFindsTheIpPacket) {
  const Bytes ip = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(7, 8).payload("x").build();
  const Bytes sll = test::from_hex("0000 0001 0006 020000000001 0000 0800");
  const Bytes sll2 = test::from_hex("0800 0000 00000002 0001 00 06 0200000000010000");
  struct Row {
    std::uint16_t link;
    Bytes head;
  };
  for (const Row& row : std::initializer_list<Row>{{0, {2, 0, 0, 0}},
                                                   {0, {0, 0, 0, 2}},
                                                   {108, {0, 0, 0, 2}},
                                                   {9, {0xff, 3, 0, 0x21}},
                                                   {9, {0x21}},
                                                   {9, {0, 0x21}},
                                                   {12, {}},
                                                   {14, {}},
                                                   {101, {}},
                                                   {228, {}},
                                                   {113, sll},
                                                   {276, sll2},
                                                   {104, {0x0f, 0, 8, 0}}}) {
    const Decoded d(concat({row.head, ip}), static_cast<io::LinkType>(row.link));
    EXPECT_EQ(d.view().destination_port, 8) << row.link;
    EXPECT_TRUE(d.view().events.empty()) << row.link;
  }
  const Bytes v6 = PacketBuilder().ipv6("fd00::1", "fd00::2").udp(7, 8).payload("x").build();
  EXPECT_EQ(Decoded(concat({{30, 0, 0, 0}, v6}), io::LinkType::kNull).view().destination_port, 8);
  EXPECT_EQ(Decoded(v6, io::LinkType::kIpv6).view().destination_port, 8);
  EXPECT_FALSE(Decoded(ip, static_cast<io::LinkType>(147)).view().is_ip());
}

TEST(Decoder, LabelsSessionsAndTagsBetweenEthernetAndIp) {
  const auto port = [](const Bytes& frame) { return Decoded(frame).view().destination_port; };
  const auto ethernet = [](std::uint16_t type, const Bytes& head) {
    return concat({PacketBuilder().ethernet({.ether_type = type}).build(), head,
                   PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(7, 8).build()});
  };
  EXPECT_EQ(port(PacketBuilder().ethernet().mpls(99).mpls(98).ipv6("fd00::1", "fd00::2").udp(7, 8).build()), 8);
  EXPECT_EQ(port(ethernet(0x8847, {0, 0, 1, 64})), 8);  // explicit null label
  EXPECT_EQ(port(ethernet(0x8847, concat({{0, 6, 0x41, 64, 0, 0, 0, 0},
                                          PacketBuilder().ethernet({.ether_type = 0x0800}).build()}))),
            8);
  EXPECT_EQ(port(PacketBuilder().ethernet().pppoe().ipv4("10.0.0.1", "10.0.0.2").udp(7, 8).build()), 8);
  EXPECT_EQ(port(ethernet(0x8926, {0, 0, 0, 0, 8, 0})), 8);           // VN-Tag
  EXPECT_EQ(port(ethernet(0x88e7, concat({Bytes(16), {8, 0}}))), 8);  // provider backbone
  EXPECT_EQ(port(ethernet(0x8903, concat({{0, 0}, PacketBuilder().ethernet({.ether_type = 0x0800}).build()}))), 8);
  EXPECT_EQ(port(ethernet(0x894f, concat({{0, 6, 1, 1}, Bytes(20)}))), 8);  // NSH
}

TEST(Decoder, TunnelsGiveInnerViews) {
  const auto inner = [](PacketBuilder& b) -> PacketBuilder& { return b.udp(7, 8).payload("x"); };
  struct Row {
    TunnelKind kind;
    PacketBuilder outer;
    bool v6;
  };
  const Bytes ppp_key(8);
  std::vector<Row> rows;
  rows.push_back({TunnelKind::kIpInIp, ip4(), false});
  rows.push_back({TunnelKind::kIpv6InIp, ip4(), true});
  rows.push_back({TunnelKind::kIpInIp, ip6(), false});
  rows.push_back({TunnelKind::kIpv6InIp, ip6(), true});
  rows.push_back({TunnelKind::kGre, ip4().gre(), false});
  rows.push_back({TunnelKind::kGre, ip4().gre({.flags_version = 0xb000, .optional_fields = Bytes(12)}), true});
  rows.push_back({TunnelKind::kGre, ip6().gre().ethernet(), false});
  rows.push_back({TunnelKind::kGre, ip4().gre({.flags_version = 0x4000, .optional_fields = Bytes(8)}), true});
  rows.push_back({TunnelKind::kGre,
                  ip4()
                      .gre({.flags_version = 0x3001, .optional_fields = ppp_key, .protocol = 0x880b})
                      .payload(Bytes{0xff, 3, 0, 0x21}),
                  false});
  rows.push_back({TunnelKind::kVxlan, ip4().udp(5555, 4789).vxlan().ethernet(), false});
  rows.push_back({TunnelKind::kVxlan, ip6().udp(5555, 4789).vxlan().ethernet().vlan(9), true});
  rows.push_back({TunnelKind::kGeneve, ip4().udp(5555, 6081).geneve({.options = Bytes(8)}).ethernet(), false});
  rows.push_back({TunnelKind::kGeneve, ip4().udp(5555, 6081).geneve(), true});
  rows.push_back({TunnelKind::kTeredo, ip4().udp(5555, 3544), true});
  rows.push_back({TunnelKind::kTeredo, ip4().udp(5555, 3544).payload(Bytes(8)), true});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Row& row = rows[i];
    if (row.v6) {
      row.outer.ipv6("fd99::1", "fd99::2");
    } else {
      row.outer.ipv4("192.0.2.1", "192.0.2.2", {.protocol = 17});
    }
    const Decoded d(inner(row.outer).build());
    ASSERT_EQ(d.chain.count, 2U) << i;
    const PacketView& v = d.view(1);
    EXPECT_EQ(v.tunnel, row.kind) << i;
    EXPECT_EQ(v.origin, PacketOrigin::kTunnel) << i;
    EXPECT_EQ(v.tunnel_depth, 1) << i;
    EXPECT_EQ(v.outer, &d.view(0)) << i;
    EXPECT_EQ(v.source.to_string(), row.v6 ? "fd99::1" : "192.0.2.1") << i;
    EXPECT_EQ(v.destination_port, 8) << i;
    EXPECT_EQ(v.raw, &d.raw) << i;
    EXPECT_FALSE(v.l4_checksum_bad || v.ip_checksum_bad || v.invalid) << i;
    EXPECT_FALSE(d.view(0).invalid || d.view(0).l4_checksum_bad) << i;
  }
}

TEST(Decoder, InnerFramesHaveTheirOwnVlanTags) {
  const Decoded d(PacketBuilder()
                      .ethernet()
                      .vlan(5)
                      .ipv4("10.0.0.1", "10.0.0.2")
                      .udp(1, 4789)
                      .vxlan()
                      .ethernet()
                      .vlan(77)
                      .ipv4("192.0.2.1", "192.0.2.2")
                      .udp(7, 8)
                      .build());
  EXPECT_EQ(d.view(0).vlan_count, 1);
  EXPECT_EQ(d.view(1).vlan_count, 1);
  EXPECT_EQ(d.view(1).vlan_id[0], 77);
  EXPECT_NE(d.view(1).ethernet, nullptr);
}

TEST(Decoder, ErspanOfBothTypes) {
  const Bytes frame = PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(7, 8).build();
  const test::GreFields two{.flags_version = 0x1000, .optional_fields = Bytes(4), .protocol = 0x88be};
  const Decoded second(ip4().gre(two).payload(concat({{0x10, 23, 0, 0, 0, 0, 0, 0}, frame})).build());
  EXPECT_EQ(second.view(1).tunnel, TunnelKind::kErspan);
  EXPECT_EQ(second.view(1).vlan_id[0], 23);
  EXPECT_EQ(second.view(1).destination_port, 8);
  const test::GreFields one{.protocol = 0x88be};
  const Bytes first = ip4().gre(one).payload(frame).build();
  DecodeSettings settings;
  settings.erspan_type1_enabled = true;
  EXPECT_EQ(Decoded(first, io::LinkType::kEthernet, settings).view(1).destination_port, 8);
  settings.erspan_type1_enabled = false;
  EXPECT_EQ(Decoded(first, io::LinkType::kEthernet, settings).chain.count, 1U);
}

TEST(Decoder, TunnelPortsAreSettings) {
  DecodeSettings off;
  off.vxlan_enabled = off.geneve_enabled = off.teredo_enabled = false;
  const Bytes vxlan = ip4().udp(5, 4789).vxlan().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(7, 8).build();
  const Bytes geneve = ip4().udp(5, 6081).geneve().ipv4("192.0.2.1", "192.0.2.2").udp(7, 8).build();
  const Bytes teredo = ip4().udp(5, 1000).ipv6("fd00::1", "fd00::2").udp(7, 8).build();
  EXPECT_EQ(Decoded(vxlan, io::LinkType::kEthernet, off).chain.count, 1U);
  EXPECT_EQ(Decoded(geneve, io::LinkType::kEthernet, off).chain.count, 1U);
  EXPECT_EQ(Decoded(teredo).chain.count, 1U);
  DecodeSettings any;
  any.teredo_any_port = true;
  EXPECT_EQ(Decoded(teredo, io::LinkType::kEthernet, any).chain.count, 2U);
  DecodeSettings moved;
  moved.vxlan_ports = {8472};
  EXPECT_EQ(Decoded(vxlan, io::LinkType::kEthernet, moved).chain.count, 1U);
}

TEST(Decoder, ATeredoGuessGoneWrongLeavesNoTrace) {
  DecodeSettings any;
  any.teredo_any_port = true;
  // Fits like IPv6, but its UDP length cannot be.
  const Bytes frame = ip4().udp(5, 6).ipv6("fd00::1", "fd00::2").udp(7, 8, {.length = 3}).build();
  const Decoded d(frame, io::LinkType::kEthernet, any);
  EXPECT_EQ(d.chain.count, 1U);
  EXPECT_EQ(d.decoder.counters().events[static_cast<std::size_t>(DecodeEvent::udp_len_invalid)].value(), 0U);
  EXPECT_EQ(d.decoder.counters().invalid.value(), 0U);
  EXPECT_EQ(d.view().payload.size(), 48U);
}

TEST(Decoder, SctpAndEsp) {
  const Decoded sctp(ip4().sctp(9, 10).payload("chunk").build());
  EXPECT_TRUE(sctp.view().has_sctp);
  EXPECT_EQ(sctp.view().destination_port, 10);
  EXPECT_EQ(text_of(sctp.view().payload), "chunk");
  EXPECT_EQ(Decoded(ip4().esp(0xabcdef).payload("secret").build()).view().esp_spi, 0xabcdefU);
  EXPECT_EQ(Decoded(ip6().esp(77).payload("secret").build()).view().esp_spi, 77U);
}

TEST(Decoder, IcmpWithIdentifierAndQuotedPacket) {
  const Decoded echo(ip4().icmp(8, 0, {.rest = 0x12340005}).payload("ping").build());
  EXPECT_TRUE(echo.view().has_icmp && echo.view().has_icmp_id);
  EXPECT_EQ(echo.view().icmp_id, 0x1234);
  EXPECT_EQ(echo.view().icmp_sequence, 5);
  EXPECT_EQ(text_of(echo.view().payload), "ping");

  const Bytes quoted = PacketBuilder().ipv4("10.0.0.2", "10.0.0.9").tcp(1000, 80).build();
  const Decoded error(ip4().icmp(3, 1).payload(Bytes(quoted.begin(), quoted.begin() + 28)).build());
  const PacketView& v = error.view();
  ASSERT_TRUE(v.has_icmp_quoted);
  EXPECT_FALSE(v.has_icmp_id);
  EXPECT_EQ(v.icmp_quoted.source.to_string(), "10.0.0.2");
  EXPECT_EQ(v.icmp_quoted.destination.to_string(), "10.0.0.9");
  EXPECT_EQ(v.icmp_quoted.source_port, 1000);
  EXPECT_EQ(v.icmp_quoted.destination_port, 80);
  EXPECT_EQ(v.icmp_quoted.protocol, 6);
}

TEST(Decoder, Icmpv6WithIdentifierAndQuotedPacket) {
  const Decoded echo(ip6().icmpv6(129, 0, {.rest = 0x00070008}).build());
  EXPECT_TRUE(echo.view().has_icmpv6 && echo.view().has_icmp_id);
  EXPECT_EQ(echo.view().icmp_id, 7);
  const Bytes quoted = PacketBuilder().ipv6("fd00::2", "fd00::9").udp(1000, 53).build();
  const Decoded error(ip6().icmpv6(1, 4).payload(quoted).build());
  ASSERT_TRUE(error.view().has_icmp_quoted);
  EXPECT_EQ(error.view().icmp_quoted.destination_port, 53);
  EXPECT_EQ(error.view().icmp_quoted.source.to_string(), "fd00::2");
  EXPECT_FALSE(error.view().l4_checksum_bad);
}

// As Suricata 7.0.10 has it, which knows advertisements and no solicitations.
TEST(Decoder, RouterMessagesOfRfc1256) {
  EXPECT_TRUE(Decoded(ip4().icmp(9, 16).build()).view().events.empty());
  EXPECT_TRUE(Decoded(ip4().icmp(10, 0).build()).view().events.contains(DecodeEvent::icmpv4_unknown_type));
}

TEST(Decoder, IcmpMessagesThatNeedABody) {
  for (const std::uint8_t type : {4, 13, 14}) {
    EXPECT_TRUE(Decoded(ip4().icmp(type, 0).build()).view().events.contains(DecodeEvent::icmpv4_ipv4_trunc_pkt))
        << int{type};
  }
}

TEST(Decoder, Ipv4OptionsAsBits) {
  const Decoded d(ip4({.options = {7, 7, 4, 0, 0, 0, 0, 1, 148, 4, 0, 0, 0, 0, 0, 0}}).udp(1, 2).build());
  EXPECT_EQ(d.view().ip_options, bit(IpOption::kRecordRoute) | bit(IpOption::kRouterAlert) | bit(IpOption::kNop) |
                                     bit(IpOption::kEndOfList));
  EXPECT_TRUE(d.view().events.empty());
  EXPECT_EQ(d.view().ip_header_length, 36);
}

TEST(Decoder, FragmentsAreNotDecodedFurther) {
  const Decoded first(ip4({.id = 9, .more_fragments = true, .protocol = 17}).payload(Bytes(16)).build());
  EXPECT_TRUE(first.view().is_fragment && first.view().more_fragments);
  EXPECT_FALSE(first.view().has_udp);
  EXPECT_EQ(first.view().payload.size(), 16U);
  const Decoded later(ip4({.fragment_offset = 24, .protocol = 17}).payload(Bytes(9)).build());
  EXPECT_TRUE(later.view().is_fragment);
  EXPECT_EQ(later.view().fragment_offset, 24U);
  const Decoded v6(
      ip6().fragment({.offset = 1448, .more = true, .id = 0xabcd, .next_header = 6}).payload(Bytes(8)).build());
  EXPECT_TRUE(v6.view().is_fragment);
  EXPECT_EQ(v6.view().fragment_offset, 1448U);
  EXPECT_EQ(v6.view().fragment_id, 0xabcdU);
  EXPECT_EQ(v6.view().unfragmentable_length, 40U);
  EXPECT_EQ(v6.view().payload.size(), 8U);
}

TEST(Decoder, AtomicFragmentIsDecodedOn) {
  const Decoded d(ip6().fragment({}).udp(7, 8).build());
  EXPECT_FALSE(d.view().is_fragment);
  EXPECT_EQ(d.view().destination_port, 8);
  EXPECT_TRUE(d.view().events.contains(DecodeEvent::ipv6_exthdr_useless_fh));
}

TEST(Decoder, WrongChecksumsAreFound) {
  EXPECT_TRUE(Decoded(ip4({.bad_checksum = true}).udp(1, 2).build()).view().ip_checksum_bad);
  EXPECT_TRUE(Decoded(ip4().tcp(1, 2, {.bad_checksum = true}).payload("odd").build()).view().l4_checksum_bad);
  EXPECT_TRUE(Decoded(ip4().udp(1, 2, {.bad_checksum = true}).build()).view().l4_checksum_bad);
  EXPECT_TRUE(Decoded(ip6().udp(1, 2, {.bad_checksum = true}).build()).view().l4_checksum_bad);
  EXPECT_TRUE(Decoded(ip4().icmp(8, 0, {.bad_checksum = true}).build()).view().l4_checksum_bad);
  EXPECT_TRUE(Decoded(ip6().icmpv6(128, 0, {.bad_checksum = true}).build()).view().l4_checksum_bad);
  EXPECT_FALSE(Decoded(ip4().udp(1, 2, {.checksum = 0}).build()).view().l4_checksum_bad);
}

TEST(Decoder, ChecksumsNobodyNeedsAreNotVerified) {
  const Bytes bad = ip4({.bad_checksum = true}).tcp(1, 2, {.bad_checksum = true}).build();
  io::RawPacket like;
  for (const auto state : {io::ChecksumState::kPartial, io::ChecksumState::kValid}) {
    like.checksum = state;
    const Decoded d(bad, io::LinkType::kEthernet, {}, like);
    EXPECT_FALSE(d.view().ip_checksum_bad || d.view().l4_checksum_bad);
  }
  like.checksum = io::ChecksumState::kUnknown;
  like.gso_segment_size = 1448;
  EXPECT_FALSE(Decoded(bad, io::LinkType::kEthernet, {}, like).view().l4_checksum_bad);
  DecodeSettings off;
  off.verify_checksums = false;
  EXPECT_FALSE(Decoded(bad, io::LinkType::kEthernet, off).view().l4_checksum_bad);
}

// On the way of a routing header the checksum is for the last destination, which is not in the header yet.
TEST(Decoder, RoutedPacketsUnderWayAreNotVerified) {
  EXPECT_FALSE(
      Decoded(ip6().routing(2, 1, Bytes(20)).udp(1, 2, {.bad_checksum = true}).build()).view().l4_checksum_bad);
  EXPECT_TRUE(Decoded(ip6().routing(2, 0, Bytes(20)).udp(1, 2, {.bad_checksum = true}).build()).view().l4_checksum_bad);
}

TEST(Decoder, SuperPacketsBeyond64KiB) {
  io::RawPacket gso;
  gso.gso_segment_size = 1448;
  const Bytes big(100000, 'x');
  const Bytes v4 = ip4({.total_length = 0}).tcp(1, 2).payload(big).build();
  const Bytes v6 = ip6({.payload_length = 0}).tcp(1, 2).payload(big).build();
  const Bytes udp = ip4({.total_length = 0}).udp(1, 2, {.length = 0}).payload(big).build();
  const Bytes jumbo =
      ip6({.payload_length = 0}).hop_by_hop({0xc2, 4, 0, 1, 0x86, 0xbc}).tcp(1, 2).payload(big).build();  // 100,028
  for (const Bytes& frame : {v4, v6, udp, jumbo}) {
    const Decoded d(frame, io::LinkType::kEthernet, {}, gso);
    EXPECT_EQ(d.view().payload.size(), big.size());
    EXPECT_EQ(d.view().ip_total_length, frame.size() - 14);
    EXPECT_FALSE(d.view().invalid);
  }
  EXPECT_EQ(Decoded(jumbo).view().payload.size(), big.size());  // a jumbogram needs no GSO
  EXPECT_TRUE(Decoded(v4).view().invalid);
  const Bytes usual = ip4().tcp(1, 2).payload(Bytes(60000, 'x')).trailer(Bytes(6)).build();
  EXPECT_EQ(Decoded(usual, io::LinkType::kEthernet, {}, gso).view().payload.size(), 60000U);
}

TEST(Decoder, TruncatedCaptureIsSaidSo) {
  Bytes frame = ip4().tcp(1, 2).payload(Bytes(100)).build();
  frame.resize(80);
  const Decoded d(frame);
  EXPECT_TRUE(d.view().truncated && d.view().invalid);
  EXPECT_FALSE(d.view().is_ip());
}

TEST(Decoder, BrokenTransportKeepsTheAddresses) {
  const Decoded d(ip4({.protocol = 6}).payload(Bytes(7)).build());
  EXPECT_TRUE(d.view().invalid);
  EXPECT_TRUE(d.view().is_ip());
  EXPECT_EQ(d.view().protocol, 6);
  EXPECT_FALSE(d.view().has_tcp);
}

TEST(Decoder, LayersAreLimited) {
  DecodeSettings settings;
  settings.max_layers = 3;
  const Bytes frame =
      PacketBuilder().ethernet().vlan(1).ipv4("10.0.0.1", "10.0.0.2").ipv4("10.0.0.3", "10.0.0.4").udp(1, 2).build();
  const Decoded d(frame, io::LinkType::kEthernet, settings);
  EXPECT_TRUE(d.last().events.contains(DecodeEvent::too_many_layers));
  EXPECT_EQ(d.decoder.counters().too_many_layers.value(), 1U);
  PacketBuilder deep;
  deep.ethernet();
  for (int i = 0; i < 40; ++i) deep.ipv4("10.0.0.1", "10.0.0.2");
  settings.max_layers = 255;
  const Decoded full(deep.udp(1, 2).build(), io::LinkType::kEthernet, settings);
  EXPECT_EQ(full.chain.count, kMaxLayers);
  EXPECT_TRUE(full.last().events.contains(DecodeEvent::too_many_layers));
}

TEST(Decoder, AnEmptySackOptionIsNoError) {
  const Decoded d(ip4().tcp(1, 2, {.options = {5, 2, 1, 1}}).build());
  EXPECT_TRUE(d.last().events.empty());
  const Decoded odd(ip4().tcp(1, 2, {.options = {5, 3, 0, 1}}).build());
  EXPECT_FALSE(odd.last().events.empty());
}

TEST(Decoder, AViewIsResetBeforeReuse) {
  const Bytes tcp = ip4().tcp(1, 2, {.options = test::tcp_option_mss(9)}).payload("x").build();
  const Bytes arp = PacketBuilder().ethernet().arp().build();
  Decoder decoder(DecodeSettings{});
  PacketChain chain;
  const io::RawPacket first = test::raw_packet(tcp), second = test::raw_packet(arp);
  decoder.decode(first, chain);
  decoder.decode(second, chain);
  EXPECT_FALSE(chain.views[0].has_tcp || chain.views[0].tcp.has_mss || chain.views[0].is_ip());
  EXPECT_TRUE(chain.views[0].payload.empty());
}

// Every prefix of a frame decodes without reading past it (the sanitizers watch).
TEST(Decoder, EveryPrefixOfAFrame) {
  const Bytes frame = PacketBuilder()
                          .ethernet()
                          .vlan(1)
                          .ipv6("fd00::1", "fd00::2")
                          .hop_by_hop({5, 2, 0, 0, 0, 0})
                          .udp(1, 4789)
                          .vxlan()
                          .ethernet()
                          .ipv4("10.0.0.1", "10.0.0.2", {.options = {148, 4, 0, 0}})
                          .tcp(1, 2, {.options = test::tcp_option_timestamps(1, 2)})
                          .payload("x")
                          .build();
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    const auto exact = std::make_unique<Byte[]>(size);
    std::copy_n(frame.begin(), size, exact.get());
    io::RawPacket raw;
    raw.data = exact.get();
    raw.captured = raw.wire_length = static_cast<std::uint32_t>(size);
    Decoder decoder(DecodeSettings{});
    PacketChain chain;
    decoder.decode(raw, chain);
    EXPECT_EQ(chain.views[0].invalid, size < frame.size()) << size;
  }
}

}  // namespace
}  // namespace bulkhead::decode
