// IPv6 and its extension headers (RFC 8200 3 and 4).
//
//     0                        4          6      7       8         24
//     | ver | class | label    | payload  | next | hops  | source  | destination
#include "datapath/decode/checksum.h"
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kIpv6Header = 40, kFragmentHeader = 8, kEspHeader = 8, kAuthHeader = 12;
constexpr std::uint8_t kMobility = 135, kHostIdentity = 139, kShim6 = 140;

// Position in the chain of headers and which of them have been seen.
struct Walk {
  ByteSpan rest;      // from the present header to the end of the datagram
  std::uint8_t next;  // what the present header is
  bool hop_by_hop = false, routing = false, esp = false, auth = false, fragment = false;
  unsigned destination_options = 0;

  // Steps over `length` bytes of the present header, whose first byte names the one after it.
  void skip(std::size_t length) {
    next = rest[0];
    rest = rest.subspan(length);
  }
};

namespace option {
constexpr std::uint8_t kPad1 = 0, kPadN = 1, kRouterAlert = 5, kJumbo = 0xc2, kHomeAddress = 0xc9;
}

// RFC 8200 4.2: type, length, data. `hop` chooses which events report unknown options and padding.
void decode_options(Context& c, ByteSpan options, bool hop) {
  unsigned padding = 0, others = 0;
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t type = options[at];
    if (type == option::kPad1) {
      ++padding;
      ++at;
      continue;
    }
    if (at + 1 >= options.size() || at + 1 + options[at + 1] > options.size()) {
      c.note_invalid(DecodeEvent::ipv6_exthdr_invalid_optlen);
      break;
    }
    const std::size_t length = options[at + 1];
    const bool too_short = (type == option::kRouterAlert && length < 2) || (type == option::kJumbo && length < 4) ||
                           (type == option::kHomeAddress && length < 16);
    if (too_short) {
      c.note_invalid(DecodeEvent::ipv6_exthdr_invalid_optlen);
      break;
    }
    if (type == option::kPadN) {
      ++padding;
      if (length == 0) c.note(DecodeEvent::ipv6_zero_len_padn);
    } else if (type == option::kRouterAlert || type == option::kHomeAddress) {
      ++others;
    } else if (type != option::kJumbo) {
      ++others;
      c.note(hop ? DecodeEvent::ipv6_hopopts_unknown_opt : DecodeEvent::ipv6_dstopts_unknown_opt);
    }
    at += length + 2;
  }
  if (padding > 0 && others == 0) {
    c.note(hop ? DecodeEvent::ipv6_hopopts_only_padding : DecodeEvent::ipv6_dstopts_only_padding);
  }
}

// The header functions answer whether the walk goes on.

[[nodiscard]] bool options_header(Context& c, Walk& walk) {
  const std::size_t length = (walk.rest[1] + 1U) * 8;
  if (length > walk.rest.size()) {
    c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return false;
  }
  const bool hop = walk.next == ip_proto::kHopByHop;
  const bool duplicate = hop ? walk.hop_by_hop : walk.destination_options == 2;  // two are legal: RFC 8200 4.1
  if (duplicate) {
    c.note(hop ? DecodeEvent::ipv6_exthdr_dupl_hh : DecodeEvent::ipv6_exthdr_dupl_dh);
  } else {
    if (hop) {
      walk.hop_by_hop = true;
    } else {
      ++walk.destination_options;
    }
    decode_options(c, walk.rest.subspan(2, length - 2), hop);
  }
  walk.skip(length);
  return true;
}

[[nodiscard]] bool routing_header(Context& c, Walk& walk) {
  const std::size_t length = (walk.rest[1] + 1U) * 8;
  if (length > walk.rest.size()) {
    c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return false;
  }
  if (walk.routing) {
    c.note(DecodeEvent::ipv6_exthdr_dupl_rh);
  } else {
    walk.routing = true;
    if (walk.rest[2] == 0) c.note(DecodeEvent::ipv6_rh_type_0);
    // Until the last hop the destination is not the one in the transport checksum (RFC 8200 8.1).
    if (walk.rest[3] != 0) c.verify = false;
  }
  walk.skip(length);
  return true;
}

[[nodiscard]] bool fragment_header(Context& c, Walk& walk) {
  if (walk.rest.size() < kFragmentHeader) {
    c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return false;
  }
  const Byte* p = walk.rest.data();
  if (p[1] != 0) c.note(DecodeEvent::ipv6_fh_non_zero_reserved_field);
  if (walk.fragment) {
    c.note(DecodeEvent::ipv6_exthdr_dupl_fh);
    walk.skip(kFragmentHeader);
    return true;
  }
  walk.fragment = true;
  PacketView& v = *c.view;
  const std::uint16_t offset_and_more = load_be16(p + 2);
  v.fragment_offset = offset_and_more & 0xfff8;
  v.more_fragments = (offset_and_more & 1) != 0;
  v.fragment_id = load_be32(p + 4);
  v.unfragmentable_length = static_cast<std::uint32_t>(p - v.ip_header);
  if (v.more_fragments && (walk.rest.size() - kFragmentHeader) % 8 != 0) {
    c.note(DecodeEvent::ipv6_frag_invalid_length);
  }
  walk.skip(kFragmentHeader);
  if (!v.more_fragments && v.fragment_offset == 0) {
    c.note(DecodeEvent::ipv6_exthdr_useless_fh);
    return true;
  }
  v.is_fragment = true;
  v.payload = walk.rest;
  return false;
}

[[nodiscard]] bool auth_header(Context& c, Walk& walk) {
  // RFC 4302 2.2: length in words minus two; the fixed part is three words.
  const std::size_t length = kAuthHeader + (walk.rest[1] > 0 ? (walk.rest[1] - 1U) * 4 : 0);
  if (length > walk.rest.size()) {
    c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return false;
  }
  if (load_be16(&walk.rest[2]) != 0) c.note(DecodeEvent::ipv6_exthdr_ah_res_not_null);
  if (walk.auth) c.note(DecodeEvent::ipv6_exthdr_dupl_ah);
  walk.auth = true;
  walk.skip(length);
  return true;
}

[[nodiscard]] bool skipped_header(Context& c, Walk& walk) {
  const std::size_t length = (walk.rest[1] + 1U) * 8;
  if (length > walk.rest.size()) {
    c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return false;
  }
  walk.skip(length);
  return true;
}

void inner_packet(Context& c, IpFamily family, ByteSpan inner) {
  const bool v4 = family == IpFamily::kV4;
  if (inner.size() < (v4 ? 20U : kIpv6Header)) {
    return c.fail(v4 ? DecodeEvent::ipv6_ipv4_in_ipv6_too_small : DecodeEvent::ipv6_ipv6_in_ipv6_too_small);
  }
  if (inner[0] >> 4 != (v4 ? 4 : 6)) {
    return c.note(v4 ? DecodeEvent::ipv6_ipv4_in_ipv6_wrong_version : DecodeEvent::ipv6_ipv6_in_ipv6_wrong_version);
  }
  (v4 ? c.counters().ipv4_in_ipv6 : c.counters().ipv6_in_ipv6).add();
  decode_ip_tunnel(c, v4 ? TunnelKind::kIpInIp : TunnelKind::kIpv6InIp, family, inner);
}

// What ends the chain of headers.
void decode_upper(Context& c, std::uint8_t protocol, ByteSpan payload) {
  switch (protocol) {
    case ip_proto::kTcp: return decode_tcp(c, payload);
    case ip_proto::kUdp: return decode_udp(c, payload);
    case ip_proto::kIcmpv6: return decode_icmpv6(c, payload);
    case ip_proto::kSctp: return decode_sctp(c, payload);
    case ip_proto::kGre: return decode_gre(c, payload);
    case ip_proto::kIpip: return inner_packet(c, IpFamily::kV4, payload);
    case ip_proto::kIpv6: return inner_packet(c, IpFamily::kV6, payload);
    case ip_proto::kIcmp: return c.note(DecodeEvent::ipv6_icmpv4);
    default: return c.note(DecodeEvent::ipv6_unknown_next_header);
  }
}

// One extension header; false at the last one or when it is broken.
[[nodiscard]] bool extension_header(Context& c, Walk& walk) {
  switch (walk.next) {
    case ip_proto::kHopByHop:
    case ip_proto::kDestOptions: return options_header(c, walk);
    case ip_proto::kRouting: return routing_header(c, walk);
    case ip_proto::kFragment: return fragment_header(c, walk);
    case ip_proto::kAh: return auth_header(c, walk);
    case kMobility:
    case kHostIdentity:
    case kShim6: return skipped_header(c, walk);
    default: return false;
  }
}

[[nodiscard]] bool is_extension(std::uint8_t next) {
  switch (next) {
    case ip_proto::kHopByHop:
    case ip_proto::kDestOptions:
    case ip_proto::kRouting:
    case ip_proto::kFragment:
    case ip_proto::kAh:
    case kMobility:
    case kHostIdentity:
    case kShim6: return true;
    default: return false;
  }
}

void decode_headers(Context& c, Walk walk) {
  PacketView& v = *c.view;
  const Byte* start = v.ip_header;
  while (is_extension(walk.next)) {
    v.protocol = walk.next;
    if (walk.rest.size() < 2) return c.fail(DecodeEvent::ipv6_trunc_exthdr);
    if (!extension_header(c, walk)) return;
    v.ip_header_length = static_cast<std::uint16_t>(walk.rest.data() - start);
    v.payload = walk.rest;
    const bool nothing_follows = walk.rest.size() < 2 && walk.next != ip_proto::kNone;
    if (nothing_follows) return c.fail(DecodeEvent::ipv6_trunc_exthdr);
  }
  v.protocol = walk.next;
  if (walk.next == ip_proto::kNone) {
    if (!walk.rest.empty()) c.note(DecodeEvent::ipv6_data_after_none_header);
    return;
  }
  if (walk.next == ip_proto::kEsp) {
    if (walk.rest.size() < kEspHeader) return c.fail(DecodeEvent::ipv6_trunc_exthdr);
    return decode_esp(c, walk.rest);
  }
  decode_upper(c, walk.next, walk.rest);
}

// RFC 2675: a length of zero and a jumbo payload option first in a hop-by-hop header. A GSO super-packet beyond
// 64 KB has the zero, with the option or without.
[[nodiscard]] std::size_t payload_length(const Context& c, ByteSpan bytes) {
  const std::size_t length = load_be16(&bytes[4]);
  if (length != 0) return length;
  const ByteSpan rest = bytes.subspan(kIpv6Header);
  if (bytes[6] == ip_proto::kHopByHop && rest.size() >= 8 && rest[2] == option::kJumbo && rest[3] == 4) {
    const std::size_t jumbo = load_be32(&rest[4]);
    if (jumbo > 0xffff) return jumbo;
  }
  return c.gso ? rest.size() : 0;
}

}  // namespace

void decode_ipv6(Context& c, ByteSpan bytes) {
  c.counters().ipv6.add();
  if (!c.enter_layer()) return;
  if (bytes.size() < kIpv6Header) return c.fail(DecodeEvent::ipv6_pkt_too_small);
  const Byte* p = bytes.data();
  if (p[0] >> 4 != 6) return c.fail(DecodeEvent::ipv6_wrong_ip_version);
  const std::size_t length = payload_length(c, bytes);
  if (length > bytes.size() - kIpv6Header) {
    c.view->truncated = true;
    return c.fail(DecodeEvent::ipv6_trunc_pkt);
  }
  PacketView& v = *c.view;
  v.family = IpFamily::kV6;
  v.ip_header = p;
  v.ip_header_length = kIpv6Header;
  v.ip_total_length = static_cast<std::uint32_t>(kIpv6Header + length);
  v.source = IpAddress::v6(p + 8);
  v.destination = IpAddress::v6(p + 24);
  v.ttl = p[7];
  v.tos = static_cast<std::uint8_t>(load_be16(p) >> 4);
  v.payload = bytes.subspan(kIpv6Header, length);
  decode_headers(c, {.rest = v.payload, .next = p[6]});
}

}  // namespace bulkhead::decode
