// PPP (RFC 1661, header compression of 6.5 and 6.6) and PPPoE (RFC 2516).
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kPppoeHeader = 6;

// Assigned protocols that carry nothing for this decoder (IANA PPP numbers).
[[nodiscard]] bool is_assigned(std::uint16_t protocol) {
  switch (protocol) {
    case 0x0023:  // OSI
    case 0x0025:  // XNS
    case 0x0027:  // DECnet
    case 0x0029:  // AppleTalk
    case 0x002b:  // IPX
    case 0x002d:  // Van Jacobson compressed TCP
    case 0x0031:  // bridging
    case 0x0035:  // Banyan VINES
    case 0x003d:  // multilink
    case 0x004b:  // SNA
    case 0x004d:  // SNA over 802.2
    case 0x0281:  // MPLS
    case 0x0283:
    case 0x8021:  // their control protocols
    case 0x8023:
    case 0x8025:
    case 0x8027:
    case 0x8029:
    case 0x802b:
    case 0x8031:
    case 0x8035:
    case 0x804b:
    case 0x804d:
    case 0x8057:
    case 0x80fd:
    case 0x8281:
    case 0xc021:  // LCP
    case 0xc023:  // PAP
    case 0xc025:  // LQM
    case 0xc02d:  // BAP
    case 0xc02f:
    case 0xc223:  // CHAP
      return true;
    default: return false;
  }
}

void decode_protocol(Context& c, std::uint16_t protocol, ByteSpan rest) {
  constexpr std::uint16_t kIpv4 = 0x0021, kVjUncompressed = 0x002f, kIpv6 = 0x0057;
  switch (protocol) {
    case kVjUncompressed:
      if (rest.size() < 20) return c.fail(DecodeEvent::ppp_vju_pkt_too_small);
      // The protocol field holds the connection number (RFC 1144 3.2.2): only the address part is usable.
      if (rest[0] >> 4 == 4) decode_ipv4(c, rest);
      return;
    case kIpv4:
      if (rest.size() < 20) return c.fail(DecodeEvent::ppp_ip4_pkt_too_small);
      return decode_ipv4(c, rest);
    case kIpv6:
      if (rest.size() < 40) return c.fail(DecodeEvent::ppp_ip6_pkt_too_small);
      return decode_ipv6(c, rest);
    default: break;
  }
  if (is_assigned(protocol)) return c.note(DecodeEvent::ppp_unsup_proto);
  c.fail(DecodeEvent::ppp_wrong_type);
}

// The protocol field is one byte where that byte is odd.
void decode_after_address(Context& c, ByteSpan bytes, DecodeEvent too_small) {
  if (bytes.empty()) return c.fail(too_small);
  if ((bytes[0] & 1) != 0) return decode_protocol(c, bytes[0], bytes.subspan(1));
  if (bytes.size() < 2) return c.fail(too_small);
  decode_protocol(c, load_be16(bytes.data()), bytes.subspan(2));
}

[[nodiscard]] bool tags_fit(ByteSpan tags) {
  while (tags.size() >= 4) {
    const std::size_t length = load_be16(&tags[2]);
    if (length > tags.size() - 4) return false;
    tags = tags.subspan(4 + length);
  }
  return true;
}

}  // namespace

void decode_ppp(Context& c, ByteSpan bytes) {
  c.counters().ppp.add();
  if (bytes.size() < 4) return c.fail(DecodeEvent::ppp_pkt_too_small);
  if (!c.enter_layer()) return;
  const bool has_address = bytes[0] == 0xff && bytes[1] == 0x03;
  decode_after_address(c, has_address ? bytes.subspan(2) : bytes, DecodeEvent::ppp_pkt_too_small);
}

// version and type 1, code 1, session 2, length 2, PPP
void decode_pppoe_session(Context& c, ByteSpan bytes) {
  c.counters().pppoe.add();
  if (bytes.size() < kPppoeHeader + 1) return c.fail(DecodeEvent::pppoe_pkt_too_small);
  if (!c.enter_layer()) return;
  decode_after_address(c, bytes.subspan(kPppoeHeader), DecodeEvent::pppoe_pkt_too_small);
}

void decode_pppoe_discovery(Context& c, ByteSpan bytes) {
  constexpr std::uint8_t kPadi = 0x09, kPado = 0x07, kPadr = 0x19, kPads = 0x65, kPadt = 0xa7;
  c.counters().pppoe.add();
  if (bytes.size() < kPppoeHeader) return c.fail(DecodeEvent::pppoe_pkt_too_small);
  const std::uint8_t code = bytes[1];
  if (code != kPadi && code != kPado && code != kPadr && code != kPads && code != kPadt) {
    return c.fail(DecodeEvent::pppoe_wrong_code);
  }
  const std::size_t length = load_be16(&bytes[4]);
  const ByteSpan tags = bytes.subspan(kPppoeHeader);
  if (length > tags.size() || !tags_fit(tags.first(length))) c.fail(DecodeEvent::pppoe_malformed_tags);
}

}  // namespace bulkhead::decode
