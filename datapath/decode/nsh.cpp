// Network service header (RFC 8300 2.2): version 2, O 1, unassigned 1, ttl 6, length 6, unassigned 4, metadata
// type 4, next protocol 8 bits; then the service path.
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

void decode_nsh(Context& c, ByteSpan bytes) {
  constexpr std::size_t kNshHeader = 8, kFixedMetadata = 24;
  c.counters().nsh.add();
  if (bytes.size() < kNshHeader) return c.fail(DecodeEvent::nsh_header_too_small);
  if (!c.enter_layer()) return;
  if (bytes[0] >> 6 != 0) return c.note(DecodeEvent::nsh_unsupported_version);
  const std::size_t length = (bytes[1] & 63U) * 4;
  if (length < kNshHeader || length >= bytes.size()) return c.fail(DecodeEvent::nsh_bad_header_length);
  const unsigned metadata = bytes[2] & 15;
  if (metadata == 0 || metadata == 15) return c.note(DecodeEvent::nsh_reserved_type);
  if (metadata > 2) return c.note(DecodeEvent::nsh_unsupported_type);
  if (metadata == 1 && length != kFixedMetadata) return c.fail(DecodeEvent::nsh_bad_header_length);
  const ByteSpan rest = bytes.subspan(length);
  switch (bytes[3]) {
    case 1: return decode_ipv4(c, rest);
    case 2: return decode_ipv6(c, rest);
    case 3: return decode_ethernet(c, rest);
    default: return c.note(DecodeEvent::nsh_unknown_payload);
  }
}

}  // namespace bulkhead::decode
