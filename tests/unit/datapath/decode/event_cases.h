// One frame for each decode event: what decode_events_test demands and tests/differential compares.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "datapath/decode/decode_events.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::test {

struct EventCase {
  decode::DecodeEvent event;
  Bytes frame;
  io::LinkType link = io::LinkType::kEthernet;
};

// Events that no single frame can raise in the decoder: the defragmenter's (see ip_defrag_test.cpp), the retired
// and impossible ones, and the one that needs a live source.
inline bool needs_more_than_a_frame(decode::DecodeEvent event) {
  using E = decode::DecodeEvent;
  switch (event) {
    case E::ipv4_frag_pkt_too_large:
    case E::ipv4_frag_overlap:
    case E::ipv4_frag_ignored:
    case E::ipv6_frag_pkt_too_large:
    case E::ipv6_frag_overlap:
    case E::ipv6_frag_ignored:
    case E::udp_hlen_invalid:
    case E::ipv4_opt_unknown:
    case E::gre_version1_malformed_sre_hdr:
    case E::erspan_too_many_vlan_layers:
    case E::ipv6_exthdr_dupl_eh:
    case E::afpacket_trunc_pkt: return true;
    default: return false;
  }
}

namespace event_cases {

inline PacketBuilder ip4(const Ipv4Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", fields);
}
inline PacketBuilder ip6(const Ipv6Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2", fields);
}
inline Bytes with_options(const Bytes& options) {
  return ip4({.options = options}).udp(1, 2).payload("abcd").build();
}
inline Bytes cut(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}
inline Bytes tcp_with(const Bytes& options) {
  return ip4().tcp(1, 2, {.options = options}).build();
}
inline Bytes ethernet_type(std::uint16_t type, const Bytes& rest) {
  return PacketBuilder().ethernet({.ether_type = type}).payload(rest).build();
}
inline Bytes gre(std::uint16_t flags, const Bytes& fields, std::uint16_t protocol = 0x0800) {
  return ip4().gre({.flags_version = flags, .optional_fields = fields, .protocol = protocol}).build();
}
inline Bytes erspan(const Bytes& rest) {
  const GreFields fields{.flags_version = 0x1000, .optional_fields = Bytes(4), .protocol = 0x88be};
  return ip4().gre(fields).payload(rest).build();
}
inline Bytes nsh(const Bytes& rest) {
  return ethernet_type(0x894f, rest);
}
inline Bytes pad_only() {
  return {1, 4, 0, 0, 0, 0};
}

inline void add_ipv4(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  const auto udp = [](const Ipv4Fields& f) { return ip4(f).udp(1, 2).payload("abcd").build(); };
  out.push_back({E::ipv4_pkt_too_small, cut(udp({}), 14 + 19)});
  out.push_back({E::ipv4_hlen_too_small, udp({.header_words = 4})});
  out.push_back({E::ipv4_iplen_smaller_than_hlen, udp({.total_length = 19})});
  out.push_back({E::ipv4_trunc_pkt, udp({.total_length = 200})});
  out.push_back({E::ipv4_opt_invalid, with_options({200, 4, 0, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_invalid_len, with_options({7, 9, 4, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_invalid_len, with_options({148, 1, 0, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_invalid_len, with_options({148, 3, 0, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_invalid_len, with_options({7, 2, 0, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_malformed, with_options({7, 7, 5, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_malformed, with_options({131, 7, 3, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_malformed, with_options({68, 8, 6, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_malformed, with_options({134, 10, 0, 0, 0, 1, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0})});
  out.push_back({E::ipv4_opt_pad_required, with_options({148, 4, 0, 0})});
  out.push_back({E::ipv4_opt_eol_required, with_options({1, 1, 1, 1, 1, 1, 1, 148})});
  out.push_back({E::ipv4_opt_duplicate, with_options({148, 4, 0, 0, 148, 4, 0, 0})});
  out.push_back({E::ipv4_wrong_ip_version, udp({.version = 5})});
  out.push_back({E::ipv4_icmpv6, ip4().icmpv6(128, 0).build()});
}

inline void add_icmp(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  const Bytes v4 = PacketBuilder().ipv4("10.0.0.2", "10.0.0.9").udp(1, 2).build();
  const Bytes v6 = PacketBuilder().ipv6("fd00::2", "fd00::9").udp(1, 2).build();
  out.push_back({E::icmpv4_pkt_too_small, ip4({.protocol = 1}).payload("abc").build()});
  out.push_back({E::icmpv4_unknown_type, ip4().icmp(99, 0).build()});
  for (const auto& [type, code] : std::vector<std::pair<std::uint8_t, std::uint8_t>>{{0, 1},
                                                                                     {8, 1},
                                                                                     {3, 16},
                                                                                     {4, 1},
                                                                                     {5, 4},
                                                                                     {11, 2},
                                                                                     {12, 3},

                                                                                     {13, 1},
                                                                                     {14, 1},
                                                                                     {15, 1},
                                                                                     {16, 1},
                                                                                     {17, 1},
                                                                                     {18, 1}}) {
    out.push_back({E::icmpv4_unknown_code, ip4().icmp(type, code).payload(v4).build()});
  }
  out.push_back({E::icmpv4_ipv4_trunc_pkt, ip4().icmp(3, 1).payload(cut(v4, 19)).build()});
  out.push_back({E::icmpv4_ipv4_unknown_ver, ip4().icmp(3, 1).payload(v6).build()});
  out.push_back({E::icmpv6_pkt_too_small, ip6({.next_header = 58}).payload("abc").build()});
  for (const std::uint8_t type : {0, 127}) out.push_back({E::icmpv6_unknown_type, ip6().icmpv6(type, 0).build()});
  for (const auto& [type, code] : std::vector<std::pair<std::uint8_t, std::uint8_t>>{
           {1, 8},   {2, 1},   {3, 2},   {4, 9},   {128, 1}, {129, 1}, {133, 1}, {134, 1},
           {135, 1}, {136, 1}, {137, 1}, {138, 3}, {139, 3}, {140, 3}, {141, 1}, {142, 1},
           {144, 1}, {145, 1}, {146, 1}, {147, 1}, {148, 1}, {149, 1}}) {
    out.push_back({E::icmpv6_unknown_code, ip6().icmpv6(type, code).payload(v6).build()});
  }
  out.push_back({E::icmpv6_unknown_code, ip6({.hop_limit = 1}).icmpv6(130, 1).build()});
  out.push_back({E::icmpv6_ipv6_trunc_pkt, ip6().icmpv6(1, 0).payload(cut(v6, 39)).build()});
  out.push_back({E::icmpv6_ipv6_unknown_version, ip6().icmpv6(1, 0).payload(Bytes(48, 0x45)).build()});
  for (const std::uint8_t type : {130, 131, 132}) {
    out.push_back({E::icmpv6_mld_message_with_invalid_hl, ip6().icmpv6(type, 0).build()});
  }
  for (const std::uint8_t type : {5, 99, 102, 126, 160, 199, 202, 255}) {
    out.push_back({E::icmpv6_unassigned_type, ip6().icmpv6(type, 0).build()});
  }
  for (const std::uint8_t type : {100, 101, 200, 201}) {
    out.push_back({E::icmpv6_experimentation_type, ip6().icmpv6(type, 0).build()});
  }
}

inline void add_ipv6(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  const auto hop = [](const Bytes& options, const ExtensionFields& f = {}) {
    return ip6().hop_by_hop(options, f).udp(1, 2).payload("abcd").build();
  };
  const Bytes ra{5, 2, 0, 0, 1, 0};
  out.push_back({E::ipv6_pkt_too_small, cut(ip6().udp(1, 2).build(), 14 + 39)});
  out.push_back({E::ipv6_trunc_pkt, ip6({.payload_length = 200}).udp(1, 2).build()});
  out.push_back({E::ipv6_wrong_ip_version, ip6({.version = 5}).udp(1, 2).build()});
  out.push_back({E::ipv6_trunc_exthdr, hop(ra, {.length = 9})});
  out.push_back({E::ipv6_trunc_exthdr, ip6().routing(2, 0, Bytes(4), {.length = 9}).udp(1, 2).build()});
  out.push_back({E::ipv6_trunc_exthdr, ip6({.next_header = 44}).payload(Bytes(7)).build()});
  out.push_back({E::ipv6_trunc_exthdr, ip6({.next_header = 51}).payload(Bytes(11)).build()});
  out.push_back({E::ipv6_trunc_exthdr, ip6({.next_header = 135}).payload(Bytes(7)).build()});
  out.push_back({E::ipv6_exthdr_dupl_fh, ip6().fragment({}).fragment({}).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_useless_fh, ip6().fragment({}).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_dupl_rh, ip6().routing(2, 0).routing(2, 0).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_dupl_hh, ip6().hop_by_hop(ra).hop_by_hop(ra).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_dupl_dh,
                 ip6().destination_options(ra).destination_options(ra).destination_options(ra).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_dupl_ah, ip6().auth_header(1).auth_header(2).udp(1, 2).build()});
  out.push_back({E::ipv6_exthdr_invalid_optlen, hop({5, 2, 0, 0, 1, 9})});
  out.push_back({E::ipv6_exthdr_invalid_optlen, hop({1, 1, 0, 0, 0, 1})});
  out.push_back({E::ipv6_exthdr_invalid_optlen, hop({5, 1, 0, 1, 1, 0})});
  out.push_back({E::ipv6_exthdr_invalid_optlen, hop({0xc2, 2, 0, 0, 1, 0})});
  out.push_back({E::ipv6_exthdr_invalid_optlen, hop({0xc9, 2, 0, 0, 1, 0})});
  out.push_back({E::ipv6_exthdr_ah_res_not_null, ip6().auth_header(1, Bytes(12), 5).udp(1, 2).build()});
  out.push_back({E::ipv6_hopopts_unknown_opt, hop({0x3e, 4, 0, 0, 0, 0})});
  out.push_back({E::ipv6_hopopts_only_padding, hop(pad_only())});
  out.push_back({E::ipv6_dstopts_unknown_opt, ip6().destination_options({0x3e, 4, 0, 0, 0, 0}).udp(1, 2).build()});
  out.push_back({E::ipv6_dstopts_only_padding, ip6().destination_options(pad_only()).udp(1, 2).build()});
  out.push_back({E::ipv6_rh_type_0, ip6().routing(0, 0).udp(1, 2).build()});
  out.push_back({E::ipv6_zero_len_padn, hop({1, 0, 5, 2, 0, 0})});
  out.push_back({E::ipv6_fh_non_zero_reserved_field, ip6().fragment({.reserved = 1}).udp(1, 2).build()});
  out.push_back({E::ipv6_data_after_none_header, ip6({.next_header = 59}).payload("x").build()});
  out.push_back({E::ipv6_unknown_next_header, ip6({.next_header = 253}).payload("abcdef").build()});
  out.push_back({E::ipv6_icmpv4, ip6().icmp(8, 0).build()});
  out.push_back({E::ipv6_icmpv4, ip6().hop_by_hop(ra).icmp(8, 0).build()});
  out.push_back(
      {E::ipv6_frag_invalid_length, ip6().fragment({.more = true, .next_header = 17}).payload("abc").build()});
  out.push_back({E::ipv6_ipv4_in_ipv6_too_small, ip6({.next_header = 4}).payload("E").build()});
  out.push_back({E::ipv6_ipv4_in_ipv6_wrong_version, ip6({.next_header = 4}).payload(Bytes(40, 0x65)).build()});
  out.push_back({E::ipv6_ipv6_in_ipv6_too_small, ip6({.next_header = 41}).payload("f").build()});
  out.push_back({E::ipv6_ipv6_in_ipv6_wrong_version, ip6({.next_header = 41}).payload(Bytes(60, 0x45)).build()});
}

inline void add_transport(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  out.push_back({E::tcp_pkt_too_small, ip4({.protocol = 6}).payload(Bytes(19)).build()});
  out.push_back({E::tcp_hlen_too_small, ip4().tcp(1, 2, {.header_words = 15}).build()});
  out.push_back({E::tcp_invalid_optlen, ip4().tcp(1, 2, {.header_words = 4}).build()});
  out.push_back({E::tcp_opt_invalid_len, tcp_with({2, 9, 5, 0xb4})});
  out.push_back({E::tcp_opt_invalid_len, tcp_with({2, 1, 5, 0xb4})});
  for (const Bytes& option : std::vector<Bytes>{{2, 3, 5, 1},
                                                {3, 4, 5, 1},
                                                {4, 3, 0, 1},
                                                {5, 4, 0, 0},
                                                {8, 8, 0, 0, 0, 0, 0, 0},
                                                {34, 5, 1, 2, 3, 1, 1, 1},
                                                {253, 6, 1, 2, 3, 4, 1, 1},
                                                {254, 3, 1, 1},
                                                {19, 4, 0, 0},
                                                {29, 3, 0, 1}}) {
    out.push_back({E::tcp_opt_invalid_len, tcp_with(option)});
  }
  const Bytes ts = tcp_option_timestamps(1, 2), sack{5, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  for (const Bytes& option : {tcp_option_mss(9), tcp_option_window_scale(1), tcp_option_sack_permitted(), ts, sack,
                              Bytes{34, 2}, Bytes{253, 4, 0xf9, 0x89}}) {
    out.push_back({E::tcp_opt_duplicate, tcp_with(concat({option, option}))});
  }
  out.push_back({E::udp_pkt_too_small, ip4().udp(1, 2, {.length = 60}).payload("abcd").build()});
  out.push_back({E::udp_hlen_too_small, ip4({.protocol = 17}).payload(Bytes(7)).build()});
  out.push_back({E::udp_len_invalid, ip4().udp(1, 2, {.length = 7}).payload("abcd").build()});
  out.push_back({E::udp_len_invalid, ip4().udp(1, 2, {.length = 0}).payload("abcd").build()});
  out.push_back({E::sctp_pkt_too_small, ip4({.protocol = 132}).payload(Bytes(11)).build()});
  out.push_back({E::esp_pkt_too_small, ip4({.protocol = 50}).payload(Bytes(7)).build()});
}

inline void add_link(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  const auto chdlc = static_cast<io::LinkType>(104);
  const Bytes four = PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).build();
  out.push_back({E::ethernet_pkt_too_small, Bytes(13)});
  out.push_back({E::sll_pkt_too_small, Bytes(15), io::LinkType::kLinuxSll});
  out.push_back({E::chdlc_pkt_too_small, Bytes(3), chdlc});
  out.push_back({E::ltnull_pkt_too_small, Bytes(3), io::LinkType::kNull});
  out.push_back({E::ltnull_unsupported_type, Bytes(40, 9), io::LinkType::kNull});
  out.push_back({E::ipraw_invalid_ip_version, Bytes(40, 0x99), io::LinkType::kRaw});
  out.push_back({E::ppp_pkt_too_small, {0xff, 3, 0}, io::LinkType::kPpp});
  out.push_back({E::ppp_vju_pkt_too_small, concat({{0xff, 3, 0, 0x2f}, Bytes(19)}), io::LinkType::kPpp});
  out.push_back({E::ppp_ip4_pkt_too_small, concat({{0xff, 3, 0, 0x21}, cut(four, 19)}), io::LinkType::kPpp});
  out.push_back({E::ppp_ip6_pkt_too_small, concat({{0xff, 3, 0, 0x57}, Bytes(39)}), io::LinkType::kPpp});
  out.push_back({E::ppp_wrong_type, concat({{0xff, 3, 0x12, 0x34}, Bytes(39)}), io::LinkType::kPpp});
  for (const std::uint16_t p : {0x002d, 0x8021, 0xc021, 0xc223, 0xc023, 0x8057, 0x0023, 0x002b}) {
    const Bytes head{0xff, 3, static_cast<std::uint8_t>(p >> 8), static_cast<std::uint8_t>(p)};
    out.push_back({E::ppp_unsup_proto, concat({head, Bytes(39)}), io::LinkType::kPpp});
  }
  out.push_back({E::pppoe_pkt_too_small, ethernet_type(0x8864, {0x11, 0, 0, 1, 0, 2})});
  out.push_back({E::pppoe_pkt_too_small, ethernet_type(0x8863, {0x11, 9, 0, 1, 0})});
  out.push_back({E::pppoe_wrong_code, ethernet_type(0x8863, {0x11, 1, 0, 1, 0, 0})});
  out.push_back({E::pppoe_malformed_tags, ethernet_type(0x8863, {0x11, 9, 0, 0, 0, 9, 1, 1, 0, 0})});
  out.push_back({E::pppoe_malformed_tags, ethernet_type(0x8863, {0x11, 9, 0, 0, 0, 4, 1, 1, 0, 7})});
  out.push_back({E::vlan_header_too_small, ethernet_type(0x8100, {0, 1, 8})});
  out.push_back(
      {E::vlan_unknown_type, PacketBuilder().ethernet().vlan(5, {.ether_type = 0x1234}).payload("abc").build()});
  out.push_back(
      {E::vlan_too_many_layers,
       PacketBuilder().ethernet().vlan(1).vlan(2).vlan(3).vlan(4).ipv4("1.1.1.1", "2.2.2.2").udp(1, 2).build()});
  out.push_back({E::ieee8021ah_header_too_small, ethernet_type(0x88e7, Bytes(17))});
  out.push_back({E::vntag_header_too_small, ethernet_type(0x8926, Bytes(5))});
  out.push_back({E::vntag_unknown_type, ethernet_type(0x8926, {0, 0, 0, 0, 0x12, 0x34, 0, 0})});
  out.push_back({E::dce_pkt_too_small, ethernet_type(0x8903, Bytes(15))});
}

inline void add_tunnels(std::vector<EventCase>& out) {
  using E = decode::DecodeEvent;
  const auto labels = [](std::uint32_t label, const Bytes& rest) {
    return PacketBuilder().ethernet().mpls(100).mpls(label).payload(rest).build();
  };
  out.push_back({E::mpls_header_too_small, ethernet_type(0x8847, {0, 6, 0x40, 64, 0, 1})});
  out.push_back({E::mpls_pkt_too_small, labels(100, {0x45, 0, 0})});
  out.push_back({E::mpls_bad_label_router_alert, labels(1, Bytes(20))});
  out.push_back({E::mpls_bad_label_implicit_null, labels(3, Bytes(20))});
  out.push_back({E::mpls_bad_label_reserved, labels(7, Bytes(20))});
  out.push_back({E::mpls_unknown_payload_type, labels(100, Bytes(20, 0x99))});
  const Bytes key(4);
  out.push_back({E::gre_pkt_too_small, ip4({.protocol = 47}).payload("abc").build()});
  out.push_back({E::gre_wrong_version, gre(0x0002, {})});
  out.push_back({E::gre_version0_recur, gre(0x0100, {})});
  out.push_back({E::gre_version0_flags, gre(0x0008, {})});
  out.push_back({E::gre_version0_hdr_too_big, gre(0x2000, Bytes(3))});
  out.push_back({E::gre_version0_malformed_sre_hdr, gre(0x4000, Bytes(7))});
  out.push_back({E::gre_version0_malformed_sre_hdr, gre(0x4000, {0, 0, 0, 0, 8, 0, 0, 9, 1, 2, 3})});
  out.push_back({E::gre_version1_chksum, gre(0xa001, key, 0x880b)});
  out.push_back({E::gre_version1_route, gre(0x6001, key, 0x880b)});
  out.push_back({E::gre_version1_ssr, gre(0x2801, key, 0x880b)});
  out.push_back({E::gre_version1_recur, gre(0x2101, key, 0x880b)});
  out.push_back({E::gre_version1_flags, gre(0x2009, key, 0x880b)});
  out.push_back({E::gre_version1_no_key, gre(0x0001, key, 0x880b)});
  out.push_back({E::gre_version1_wrong_protocol, gre(0x2001, key, 0x0800)});
  out.push_back({E::gre_version1_hdr_too_big, gre(0x3081, key, 0x880b)});
  const auto udp = [](std::uint16_t port) { return ip4().udp(4444, port); };
  out.push_back(
      {E::vxlan_unknown_payload_type, udp(4789).vxlan().ethernet({.ether_type = 0x1234}).payload("ab").build()});
  out.push_back({E::geneve_unknown_payload_type, udp(6081).geneve({.protocol = 0x1234}).payload(Bytes(60)).build()});
  const Bytes frame = ip4().udp(1, 2).build();
  out.push_back({E::erspan_header_too_small, erspan(Bytes(7, 0x10))});
  out.push_back({E::erspan_unsupported_version, erspan(concat({{0x20, 1, 0, 0, 0, 0, 0, 0}, frame}))});
  out.push_back({E::nsh_header_too_small, nsh(Bytes(7))});
  out.push_back({E::nsh_unsupported_version, nsh(concat({{0x40, 6, 1, 1}, Bytes(40)}))});
  out.push_back({E::nsh_bad_header_length, nsh(concat({{0, 63, 1, 1}, Bytes(40)}))});
  out.push_back({E::nsh_bad_header_length, nsh(concat({{0, 5, 1, 1}, Bytes(40)}))});
  out.push_back({E::nsh_reserved_type, nsh(concat({{0, 6, 0, 1}, Bytes(40)}))});
  out.push_back({E::nsh_unsupported_type, nsh(concat({{0, 6, 3, 1}, Bytes(40)}))});
  out.push_back({E::nsh_unknown_payload, nsh(concat({{0, 6, 1, 99}, Bytes(40)}))});
  PacketBuilder deep;
  deep.ethernet();
  for (int i = 0; i < 17; ++i) deep.ipv4("10.0.0.1", "10.0.0.2");
  out.push_back({E::too_many_layers, deep.udp(1, 2).build()});
}

}  // namespace event_cases

[[nodiscard]] inline std::vector<EventCase> all_event_cases() {
  std::vector<EventCase> out;
  event_cases::add_ipv4(out);
  event_cases::add_icmp(out);
  event_cases::add_ipv6(out);
  event_cases::add_transport(out);
  event_cases::add_link(out);
  event_cases::add_tunnels(out);
  return out;
}

}  // namespace bulkhead::test
