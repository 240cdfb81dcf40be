// MPLS label stack (RFC 3032 2.1): label 20, class 3, bottom of stack 1, time to live 8 bits.
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::uint32_t kLabelIpv4 = 0, kLabelRouterAlert = 1, kLabelIpv6 = 2, kLabelImplicitNull = 3,
                        kLastReserved = 15;

// Without a label that tells, the first nibble does: IP, or the control word of an Ethernet pseudowire (RFC 4385).
void guess_payload(Context& c, ByteSpan bytes) {
  if (bytes.size() < 4) return c.fail(DecodeEvent::mpls_pkt_too_small);
  switch (bytes[0] >> 4) {
    case 4: return decode_ipv4(c, bytes);
    case 6: return decode_ipv6(c, bytes);
    case 0: return decode_ethernet(c, bytes.subspan(4));
    default: return c.fail(DecodeEvent::mpls_unknown_payload_type);
  }
}

}  // namespace

void decode_mpls(Context& c, ByteSpan bytes) {
  c.counters().mpls.add();
  if (!c.enter_layer()) return;
  std::uint32_t entry = 0;
  do {
    if (bytes.size() < 4) return c.fail(DecodeEvent::mpls_header_too_small);
    entry = load_be32(bytes.data());
    bytes = bytes.subspan(4);
  } while ((entry & 0x100) == 0);
  const std::uint32_t label = entry >> 12;
  if (label == kLabelIpv4) return decode_ipv4(c, bytes);
  if (label == kLabelIpv6) return decode_ipv6(c, bytes);
  if (label == kLabelRouterAlert) return c.note(DecodeEvent::mpls_bad_label_router_alert);
  if (label == kLabelImplicitNull) return c.note(DecodeEvent::mpls_bad_label_implicit_null);
  if (label < kLastReserved) return c.note(DecodeEvent::mpls_bad_label_reserved);
  guess_payload(c, bytes);
}

}  // namespace bulkhead::decode
