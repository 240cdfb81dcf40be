// ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861, 2710), with the packet that an error message quotes.
//
//     0      1      2          4                8
//     | type | code | checksum | id | sequence  | data or quoted packet ...
#include "datapath/decode/checksum.h"
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kIcmpHeader = 8, kIcmpTimestamp = 20;

void set_fields(Context& c, ByteSpan bytes) {
  set_l4(*c.view, bytes, kIcmpHeader);
  c.view->icmp_type = bytes[0];
  c.view->icmp_code = bytes[1];
}

void set_id(PacketView& v, ByteSpan bytes) {
  v.has_icmp_id = true;
  v.icmp_id = load_be16(&bytes[4]);
  v.icmp_sequence = load_be16(&bytes[6]);
}

void set_quoted_ports(FlowTuple& quoted, ByteSpan upper) {
  switch (quoted.protocol) {
    case ip_proto::kTcp:
    case ip_proto::kUdp:
    case ip_proto::kSctp:
      if (upper.size() < 4) return;
      quoted.source_port = load_be16(upper.data());
      quoted.destination_port = load_be16(&upper[2]);
      return;
    case ip_proto::kIcmp:
    case ip_proto::kIcmpv6: {
      if (upper.size() < kIcmpHeader) return;
      // As in FlowKey: the identifier of an echo in both ports, else type and code.
      const bool echo =
          quoted.protocol == ip_proto::kIcmp ? upper[0] == 8 || upper[0] == 0 : upper[0] == 128 || upper[0] == 129;
      quoted.source_port = echo ? load_be16(&upper[4]) : upper[0];
      quoted.destination_port = echo ? load_be16(&upper[4]) : upper[1];
      return;
    }
    default: return;
  }
}

void quote_ipv4(Context& c, ByteSpan quoted) {
  if (quoted.empty()) return;
  if (quoted.size() < 20) return c.note_invalid(DecodeEvent::icmpv4_ipv4_trunc_pkt);
  if (quoted[0] >> 4 != 4) return c.note_invalid(DecodeEvent::icmpv4_ipv4_unknown_ver);
  const std::size_t header_length = (quoted[0] & 15U) * 4;
  FlowTuple& tuple = c.view->icmp_quoted;
  tuple.source = IpAddress::v4(&quoted[12]);
  tuple.destination = IpAddress::v4(&quoted[16]);
  tuple.protocol = quoted[9];
  c.view->has_icmp_quoted = true;
  const bool first_fragment = (load_be16(&quoted[6]) & 0x1fff) == 0;
  if (first_fragment && header_length >= 20 && header_length <= quoted.size()) {
    set_quoted_ports(tuple, quoted.subspan(header_length));
  }
}

void quote_ipv6(Context& c, ByteSpan quoted) {
  if (quoted.size() < 40) return c.note_invalid(DecodeEvent::icmpv6_ipv6_trunc_pkt);
  if (quoted[0] >> 4 != 6) return c.note_invalid(DecodeEvent::icmpv6_ipv6_unknown_version);
  FlowTuple& tuple = c.view->icmp_quoted;
  tuple.source = IpAddress::v6(&quoted[8]);
  tuple.destination = IpAddress::v6(&quoted[24]);
  tuple.protocol = quoted[6];
  c.view->has_icmp_quoted = true;
  set_quoted_ports(tuple, quoted.subspan(40));
}

enum class Body : std::uint8_t { kUnknown, kPlain, kId, kQuote };
struct TypeRule {
  Body body;
  std::uint8_t max_code;
};

[[nodiscard]] TypeRule rule_v4(std::uint8_t type) {
  switch (type) {
    case 0:  // echo reply
    case 8:  // echo
      return {Body::kId, 0};
    case 3: return {Body::kQuote, 15};   // destination unreachable
    case 4: return {Body::kQuote, 0};    // source quench
    case 5: return {Body::kQuote, 3};    // redirect
    case 11: return {Body::kQuote, 1};   // time exceeded
    case 12: return {Body::kQuote, 2};   // parameter problem
    case 9: return {Body::kPlain, 255};  // router advertisement; code 16 is a mobility agent's (RFC 5944)
    case 13:                             // timestamp
    case 14:
    case 15:  // information
    case 16:
    case 17:  // address mask
    case 18: return {Body::kId, 0};
    default: return {Body::kUnknown, 0};
  }
}

constexpr bool is_multicast_listener(std::uint8_t type) {
  return type >= 130 && type <= 132;  // version 2 reports (143) are not looked at
}

[[nodiscard]] TypeRule rule_v6(std::uint8_t type) {
  switch (type) {
    case 1: return {Body::kQuote, 6};  // destination unreachable
    case 2: return {Body::kQuote, 0};  // packet too big
    case 3: return {Body::kQuote, 1};  // time exceeded
    case 4: return {Body::kQuote, 2};  // parameter problem
    case 128:
    case 129: return {Body::kId, 0};
    case 138: return {Body::kPlain, 2};  // router renumbering (code 255: see below)
    case 139:                            // node information
    case 140: return {Body::kPlain, 2};
    case 150:  // experimental mobility
    case 151:  // multicast routers
    case 152:
    case 153:
    case 154:  // fast handovers
    case 155:  // RPL
    case 157:  // duplicate address
    case 158:
    case 159: return {Body::kPlain, 255};
    default: break;
  }
  // 130 to 137 listeners and neighbours, 141 to 149 inverse discovery, listeners, mobility, certification
  if ((type >= 130 && type <= 137) || (type >= 141 && type <= 149) || type == 156) return {Body::kPlain, 0};
  return {Body::kUnknown, 0};
}

void note_unknown_v6(Context& c, std::uint8_t type) {
  if (type == 0 || type == 127) return c.note(DecodeEvent::icmpv6_unknown_type);
  const bool experiment = type == 100 || type == 101 || type == 200 || type == 201;
  c.note(experiment ? DecodeEvent::icmpv6_experimentation_type : DecodeEvent::icmpv6_unassigned_type);
}

}  // namespace

void decode_icmpv4(Context& c, ByteSpan bytes) {
  c.counters().icmpv4.add();
  if (bytes.size() < kIcmpHeader) return c.fail(DecodeEvent::icmpv4_pkt_too_small);
  PacketView& v = *c.view;
  set_fields(c, bytes);
  v.has_icmp = true;
  if (c.verify) v.l4_checksum_bad = internet_checksum(bytes) != 0;
  constexpr std::uint8_t kSourceQuench = 4, kTimestamp = 13, kTimestampReply = 14;
  const bool timestamp = v.icmp_type == kTimestamp || v.icmp_type == kTimestampReply;
  if ((timestamp && bytes.size() < kIcmpTimestamp) ||
      (v.icmp_type == kSourceQuench && v.icmp_code == 0 && v.payload.empty())) {
    c.note_invalid(DecodeEvent::icmpv4_ipv4_trunc_pkt);
  }
  const TypeRule rule = rule_v4(v.icmp_type);
  if (rule.body == Body::kUnknown) return c.note(DecodeEvent::icmpv4_unknown_type);
  if (v.icmp_code > rule.max_code) return c.note(DecodeEvent::icmpv4_unknown_code);
  if (rule.body == Body::kId) set_id(v, bytes);
  if (rule.body == Body::kQuote) quote_ipv4(c, v.payload);
}

void decode_icmpv6(Context& c, ByteSpan bytes) {
  c.counters().icmpv6.add();
  if (bytes.size() < kIcmpHeader) return c.fail(DecodeEvent::icmpv6_pkt_too_small);
  PacketView& v = *c.view;
  set_fields(c, bytes);
  v.has_icmpv6 = true;
  if (c.verify) v.l4_checksum_bad = transport_checksum(v.source, v.destination, ip_proto::kIcmpv6, bytes) != 0;
  const TypeRule rule = rule_v6(v.icmp_type);
  if (rule.body == Body::kUnknown) return note_unknown_v6(c, v.icmp_type);
  if (is_multicast_listener(v.icmp_type) && v.ttl != 1) c.note(DecodeEvent::icmpv6_mld_message_with_invalid_hl);
  const bool renumbering_reset = v.icmp_type == 138 && v.icmp_code == 255;
  if (v.icmp_code > rule.max_code && !renumbering_reset) return c.note(DecodeEvent::icmpv6_unknown_code);
  if (rule.body == Body::kId) set_id(v, bytes);
  if (rule.body == Body::kQuote) quote_ipv6(c, v.payload);
}

}  // namespace bulkhead::decode
