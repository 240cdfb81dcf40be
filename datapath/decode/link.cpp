// Link layers other than Ethernet: BSD loopback, raw IP, Linux cooked captures, Cisco HDLC
// (https://www.tcpdump.org/linktypes.html).
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kNullHeader = 4, kSllHeader = 16, kSll2Header = 20, kHdlcHeader = 4;

// AF_INET6 has another number on each system.
[[nodiscard]] IpFamily family_of(std::uint32_t value) {
  switch (value) {
    case 2: return IpFamily::kV4;
    case 10:  // Linux
    case 23:  // Winsock
    case 24:  // NetBSD, OpenBSD
    case 26:  // Solaris
    case 28:  // FreeBSD
    case 30:  // Darwin
      return IpFamily::kV6;
    default: return IpFamily::kNone;
  }
}

}  // namespace

// The family stands in the byte order of the capturing machine (LINKTYPE_LOOP: in network order).
void decode_null(Context& c, ByteSpan bytes) {
  c.counters().null.add();
  if (bytes.size() < kNullHeader) return c.fail(DecodeEvent::ltnull_pkt_too_small);
  if (!c.enter_layer()) return;
  const std::uint32_t big = load_be32(bytes.data());
  IpFamily family = family_of(big);
  if (family == IpFamily::kNone) family = family_of(__builtin_bswap32(big));
  const ByteSpan rest = bytes.subspan(kNullHeader);
  if (family == IpFamily::kV4) return decode_ipv4(c, rest);
  if (family == IpFamily::kV6) return decode_ipv6(c, rest);
  c.note(DecodeEvent::ltnull_unsupported_type);
}

void decode_raw(Context& c, ByteSpan bytes) {
  c.counters().raw.add();
  if (bytes.size() < 20) return c.fail(DecodeEvent::ipv4_pkt_too_small);
  switch (bytes[0] >> 4) {
    case 4: return decode_ipv4(c, bytes);
    case 6: return decode_ipv6(c, bytes);
    default: return c.note(DecodeEvent::ipraw_invalid_ip_version);
  }
}

// type 2, hardware type 2, address length 2, address 8, protocol 2
void decode_sll(Context& c, ByteSpan bytes) {
  c.counters().sll.add();
  if (bytes.size() < kSllHeader) return c.fail(DecodeEvent::sll_pkt_too_small);
  if (!c.enter_layer()) return;
  static_cast<void>(decode_network(c, load_be16(&bytes[14]), bytes.subspan(kSllHeader)));
}

// protocol 2, reserved 2, interface 4, hardware type 2, type 1, address length 1, address 8
void decode_sll2(Context& c, ByteSpan bytes) {
  c.counters().sll.add();
  if (bytes.size() < kSll2Header) return c.fail(DecodeEvent::sll_pkt_too_small);
  if (!c.enter_layer()) return;
  static_cast<void>(decode_network(c, load_be16(bytes.data()), bytes.subspan(kSll2Header)));
}

void decode_chdlc(Context& c, ByteSpan bytes) {
  c.counters().chdlc.add();
  if (bytes.size() < kHdlcHeader) return c.fail(DecodeEvent::chdlc_pkt_too_small);
  if (!c.enter_layer()) return;
  static_cast<void>(decode_network(c, load_be16(&bytes[2]), bytes.subspan(kHdlcHeader)));
}

}  // namespace bulkhead::decode
