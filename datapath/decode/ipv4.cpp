// IPv4 and its options (RFC 791 3.1).
//
//     0        1     2            4              6            8     9          10         12       16
//     |ver|hlen| tos | total len  | identification| flags|offset| ttl | protocol | checksum | source | destination
#include "datapath/decode/ipv4.h"

#include "datapath/decode/checksum.h"
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kIpv4Header = 20;

enum OptionType : std::uint8_t {
  kEol = 0,
  kNop = 1,
  kRecordRoute = 7,
  kQuickStart = 25,
  kTimestamp = 68,
  kSecurity = 130,
  kLooseRoute = 131,
  kExtendedSecurity = 133,
  kCipso = 134,
  kStreamId = 136,
  kStrictRoute = 137,
  kRouterAlert = 148
};

enum class OptionFault : std::uint8_t { kNone, kLength, kMalformed };

// RFC 791: the pointer counts from 1 and steps by one address.
[[nodiscard]] OptionFault check_route(ByteSpan option) {
  if (option.size() < 3) return OptionFault::kLength;
  const unsigned pointer = option[2];
  return pointer < 4 || pointer % 4 != 0 || pointer > option.size() + 1 ? OptionFault::kMalformed : OptionFault::kNone;
}

// Records are a timestamp, or (flags 1 and 3) an address and a timestamp.
[[nodiscard]] OptionFault check_timestamp(ByteSpan option) {
  if (option.size() < 5) return OptionFault::kLength;
  const unsigned pointer = option[2], flags = option[3] & 15;
  const unsigned record = flags == 1 || flags == 3 ? 8 : 4;
  if (pointer < 5) return OptionFault::kMalformed;
  const bool aligned = (pointer - 5) % record == 0 && (option.size() - 4) % record == 0;
  return aligned && pointer <= option.size() + 1 ? OptionFault::kNone : OptionFault::kMalformed;
}

// FIPS 188: domain of interpretation (4 bytes), then tags of type 1, 2, 5, 6 or 7.
[[nodiscard]] OptionFault check_cipso(ByteSpan option) {
  if (option.size() < 10) return OptionFault::kLength;
  ByteSpan tags = option.subspan(6);
  while (!tags.empty()) {
    if (tags.size() < 4) return OptionFault::kMalformed;
    const unsigned type = tags[0], length = tags[1];
    const bool known = type == 1 || type == 2 || type == 5 || type == 6 || type == 7;
    if (!known || length < 4 || length > tags.size()) return OptionFault::kMalformed;
    if (type != 7 && tags[2] != 0) return OptionFault::kMalformed;  // the alignment octet
    tags = tags.subspan(length);
  }
  return OptionFault::kNone;
}

[[nodiscard]] OptionFault length_is(ByteSpan option, std::size_t length) {
  return option.size() == length ? OptionFault::kNone : OptionFault::kLength;
}
[[nodiscard]] OptionFault at_least(ByteSpan option, std::size_t length) {
  return option.size() >= length ? OptionFault::kNone : OptionFault::kLength;
}

struct OptionRule {
  std::uint16_t bit;  // 0: unknown
  OptionFault fault;
};

[[nodiscard]] OptionRule examine(ByteSpan option) {
  switch (option[0]) {
    case kRecordRoute: return {bit(IpOption::kRecordRoute), check_route(option)};
    case kLooseRoute: return {bit(IpOption::kLooseSourceRoute), check_route(option)};
    case kStrictRoute: return {bit(IpOption::kStrictSourceRoute), check_route(option)};
    case kTimestamp: return {bit(IpOption::kTimestamp), check_timestamp(option)};
    case kCipso: return {bit(IpOption::kCommercialSecurity), check_cipso(option)};
    case kQuickStart: return {bit(IpOption::kQuickStart), at_least(option, 8)};
    case kSecurity: return {bit(IpOption::kSecurity), length_is(option, 11)};
    case kExtendedSecurity: return {bit(IpOption::kExtendedSecurity), at_least(option, 3)};
    case kStreamId: return {bit(IpOption::kStreamId), length_is(option, 4)};
    case kRouterAlert: return {bit(IpOption::kRouterAlert), length_is(option, 4)};
    default: return {0, OptionFault::kNone};
  }
}

void decode_option(Context& c, ByteSpan option) {
  const auto [option_bit, fault] = examine(option);
  if (option_bit == 0) return c.note(DecodeEvent::ipv4_opt_invalid);
  if ((c.view->ip_options & option_bit) != 0) return c.note(DecodeEvent::ipv4_opt_duplicate);
  if (fault == OptionFault::kLength) return c.note_invalid(DecodeEvent::ipv4_opt_invalid_len);
  if (fault == OptionFault::kMalformed) return c.note_invalid(DecodeEvent::ipv4_opt_malformed);
  c.view->ip_options |= option_bit;
}

// False when a length is wrong: nothing after it can be trusted.
[[nodiscard]] bool decode_options(Context& c, ByteSpan options) {
  if (options.size() % 8 != 0) c.note(DecodeEvent::ipv4_opt_pad_required);
  while (!options.empty()) {
    if (options[0] == kEol) {
      c.view->ip_options |= bit(IpOption::kEndOfList);
      return true;
    }
    if (options[0] == kNop) {
      c.view->ip_options |= bit(IpOption::kNop);
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) {
      c.note(DecodeEvent::ipv4_opt_eol_required);
      return true;
    }
    const std::size_t length = options[1];
    if (length < 2 || length > options.size()) {
      c.fail(DecodeEvent::ipv4_opt_invalid_len);
      return false;
    }
    decode_option(c, options.first(length));
    options = options.subspan(length);
  }
  return true;
}

// Length of the datagram: what the header says, but what is there where a super-packet outgrew the 16-bit field.
[[nodiscard]] std::size_t datagram_length(const Context& c, ByteSpan bytes) {
  const std::size_t total = load_be16(&bytes[2]);
  return c.gso && (total == 0 || bytes.size() > 0xffff) ? bytes.size() : total;
}

void set_fields(PacketView& v, ByteSpan bytes, std::size_t header_length, std::size_t total) {
  const Byte* p = bytes.data();
  const std::uint16_t fragment = load_be16(p + 6);
  v.family = IpFamily::kV4;
  v.ip_header = p;
  v.ip_header_length = static_cast<std::uint16_t>(header_length);
  v.ip_total_length = static_cast<std::uint32_t>(total);
  v.source = IpAddress::v4(p + 12);
  v.destination = IpAddress::v4(p + 16);
  v.protocol = p[9];
  v.ttl = p[8];
  v.tos = p[1];
  v.fragment_id = load_be16(p + 4);
  v.reserved_bit = (fragment & 0x8000) != 0;
  v.dont_fragment = (fragment & 0x4000) != 0;
  v.more_fragments = (fragment & 0x2000) != 0;
  v.fragment_offset = std::uint32_t{fragment & 0x1fffU} * 8;
  v.is_fragment = v.more_fragments || v.fragment_offset != 0;
}

void decode_upper(Context& c, ByteSpan payload) {
  switch (c.view->protocol) {
    case ip_proto::kTcp: return decode_tcp(c, payload);
    case ip_proto::kUdp: return decode_udp(c, payload);
    case ip_proto::kIcmp: return decode_icmpv4(c, payload);
    case ip_proto::kSctp: return decode_sctp(c, payload);
    case ip_proto::kGre: return decode_gre(c, payload);
    case ip_proto::kEsp: return decode_esp(c, payload);
    case ip_proto::kIpip:
      if (!c.settings().ipip_enabled) return;
      c.counters().ipv4_in_ipv4.add();
      return decode_ip_tunnel(c, TunnelKind::kIpInIp, IpFamily::kV4, payload);
    case ip_proto::kIpv6:
      c.counters().ipv6_in_ipv4.add();
      return decode_ip_tunnel(c, TunnelKind::kIpv6InIp, IpFamily::kV6, payload);
    case ip_proto::kIcmpv6: return c.fail(DecodeEvent::ipv4_icmpv6);
    default: return;
  }
}

}  // namespace

void decode_ipv4(Context& c, ByteSpan bytes) {
  c.counters().ipv4.add();
  if (!c.enter_layer()) return;
  if (bytes.size() < kIpv4Header) return c.fail(DecodeEvent::ipv4_pkt_too_small);
  if (bytes[0] >> 4 != 4) return c.fail(DecodeEvent::ipv4_wrong_ip_version);
  const std::size_t header_length = (bytes[0] & 15U) * 4;
  if (header_length < kIpv4Header) return c.fail(DecodeEvent::ipv4_hlen_too_small);
  const std::size_t total = datagram_length(c, bytes);
  if (total < header_length) return c.fail(DecodeEvent::ipv4_iplen_smaller_than_hlen);
  if (total > bytes.size()) {
    c.view->truncated = true;
    return c.fail(DecodeEvent::ipv4_trunc_pkt);
  }
  const ByteSpan options = bytes.subspan(kIpv4Header, header_length - kIpv4Header);
  if (!options.empty() && !decode_options(c, options)) return;
  set_fields(*c.view, bytes, header_length, total);
  if (c.verify) c.view->ip_checksum_bad = internet_checksum(bytes.first(header_length)) != 0;
  const ByteSpan payload = bytes.subspan(header_length, total - header_length);
  c.view->payload = payload;
  if (!c.view->is_fragment) decode_upper(c, payload);
}

void decode_ip_tunnel(Context& c, TunnelKind kind, IpFamily family, ByteSpan inner) {
  if (!c.open_tunnel(kind, inner)) return;
  if (family == IpFamily::kV4) {
    decode_ipv4(c, inner);
  } else {
    decode_ipv6(c, inner);
  }
}

}  // namespace bulkhead::decode
