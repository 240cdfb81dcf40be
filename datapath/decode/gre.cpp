// GRE (RFC 1701, 2784, 2890), its version 1 for PPTP (RFC 2637 4.1), and ERSPAN inside it.
//
//     0                         2          4
//     |C|R|K|S|s|recur|A|flags|ver| protocol | checksum, offset | key | sequence | ack | routing | payload ...
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000, kStrict = 0x0800,
                        kRecursion = 0x0700, kAck = 0x0080, kFlags = 0x0078, kVersion = 0x0007;
constexpr std::size_t kGreHeader = 4;

// Length of the header, or 0 after an event.

[[nodiscard]] std::size_t fail0(Context& c, DecodeEvent event) {
  c.fail(event);
  return 0;
}

// Source route entries: address family 2, offset 1, length 1, that many bytes; a null entry ends them.
[[nodiscard]] std::size_t skip_source_routes(Context& c, ByteSpan bytes, std::size_t at) {
  while (true) {
    if (bytes.size() - at < 4) return fail0(c, DecodeEvent::gre_version0_malformed_sre_hdr);
    const std::uint16_t family = load_be16(&bytes[at]);
    const std::size_t length = bytes[at + 3];
    at += 4;
    if (family == 0 && length == 0) return at;
    if (bytes.size() - at < length) return fail0(c, DecodeEvent::gre_version0_malformed_sre_hdr);
    at += length;
  }
}

[[nodiscard]] std::size_t version0_header(Context& c, ByteSpan bytes, std::uint16_t flags) {
  if ((flags & kRecursion) != 0) return fail0(c, DecodeEvent::gre_version0_recur);
  if ((flags & kFlags) != 0) return fail0(c, DecodeEvent::gre_version0_flags);
  std::size_t length = kGreHeader;
  if ((flags & (kChecksum | kRouting)) != 0) length += 4;
  if ((flags & kKey) != 0) length += 4;
  if ((flags & kSequence) != 0) length += 4;
  if (length > bytes.size()) return fail0(c, DecodeEvent::gre_version0_hdr_too_big);
  return (flags & kRouting) != 0 ? skip_source_routes(c, bytes, length) : length;
}

[[nodiscard]] std::size_t version1_header(Context& c, ByteSpan bytes, std::uint16_t flags) {
  if ((flags & kChecksum) != 0) return fail0(c, DecodeEvent::gre_version1_chksum);
  if ((flags & kRouting) != 0) return fail0(c, DecodeEvent::gre_version1_route);
  if ((flags & kStrict) != 0) return fail0(c, DecodeEvent::gre_version1_ssr);
  if ((flags & kRecursion) != 0) return fail0(c, DecodeEvent::gre_version1_recur);
  if ((flags & kFlags) != 0) return fail0(c, DecodeEvent::gre_version1_flags);
  if (load_be16(&bytes[2]) != ether_type::kPpp) return fail0(c, DecodeEvent::gre_version1_wrong_protocol);
  if ((flags & kKey) == 0) return fail0(c, DecodeEvent::gre_version1_no_key);
  std::size_t length = kGreHeader + 4;
  if ((flags & kSequence) != 0) length += 4;
  if ((flags & kAck) != 0) length += 4;
  return length > bytes.size() ? fail0(c, DecodeEvent::gre_version1_hdr_too_big) : length;
}

[[nodiscard]] std::size_t header_length(Context& c, ByteSpan bytes, std::uint16_t flags) {
  switch (flags & kVersion) {
    case 0: return version0_header(c, bytes, flags);
    case 1: return version1_header(c, bytes, flags);
    default: return fail0(c, DecodeEvent::gre_wrong_version);
  }
}

// Version 4, VLAN 12 bits, six bytes of session data, then the mirrored frame.
void decode_erspan2(Context& c, ByteSpan bytes) {
  constexpr std::size_t kErspanHeader = 8;
  c.counters().erspan.add();
  if (bytes.size() < kErspanHeader) return c.fail(DecodeEvent::erspan_header_too_small);
  if (!c.enter_layer()) return;
  const std::uint16_t head = load_be16(bytes.data());
  if (head >> 12 != 1) return c.note(DecodeEvent::erspan_unsupported_version);
  if ((head & 0x0fff) != 0) static_cast<void>(push_vlan(*c.view, head));  // the first tag of this view: there is room
  decode_ethernet(c, bytes.subspan(kErspanHeader));
}

// Type I has no header of its own and no GRE sequence number.
void decode_erspan(Context& c, std::uint16_t flags, ByteSpan bytes) {
  if ((flags & kSequence) != 0) {
    if (c.open_tunnel(TunnelKind::kErspan, bytes)) decode_erspan2(c, bytes);
    return;
  }
  if (!c.settings().erspan_type1_enabled || !c.open_tunnel(TunnelKind::kErspan, bytes)) return;
  c.counters().erspan.add();
  decode_ethernet(c, bytes);
}

}  // namespace

void decode_gre(Context& c, ByteSpan bytes) {
  c.counters().gre.add();
  if (bytes.size() < kGreHeader) return c.fail(DecodeEvent::gre_pkt_too_small);
  if (!c.enter_layer()) return;
  const std::uint16_t flags = load_be16(bytes.data());
  const std::size_t length = header_length(c, bytes, flags);
  if (length == 0) return;
  set_l4(*c.view, bytes, length);
  const ByteSpan inner = c.view->payload;
  const auto tunnel = [&] { return c.open_tunnel(TunnelKind::kGre, inner); };
  switch (load_be16(&bytes[2])) {
    case ether_type::kIpv4: return decode_ip_tunnel(c, TunnelKind::kGre, IpFamily::kV4, inner);
    case ether_type::kIpv6: return decode_ip_tunnel(c, TunnelKind::kGre, IpFamily::kV6, inner);
    case ether_type::kPpp:
      if (tunnel()) decode_ppp(c, inner);
      return;
    case ether_type::kVlan:
      if (tunnel()) decode_vlan(c, inner);
      return;
    case ether_type::kBridge:
      if (tunnel()) decode_ethernet(c, inner);
      return;
    case ether_type::kErspan: return decode_erspan(c, flags, inner);
    default: return;
  }
}

}  // namespace bulkhead::decode
