// SCTP common header (RFC 9260 3.1) and ESP (RFC 4303 2).
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

void decode_sctp(Context& c, ByteSpan bytes) {
  constexpr std::size_t kSctpHeader = 12;
  c.counters().sctp.add();
  if (bytes.size() < kSctpHeader) return c.fail(DecodeEvent::sctp_pkt_too_small);
  set_l4(*c.view, bytes, kSctpHeader);
  set_ports(*c.view, bytes);
  c.view->has_sctp = true;
}

void decode_esp(Context& c, ByteSpan bytes) {
  constexpr std::size_t kEspHeader = 8;  // index of security parameters, sequence number
  c.counters().esp.add();
  if (bytes.size() < kEspHeader) return c.fail(DecodeEvent::esp_pkt_too_small);
  set_l4(*c.view, bytes, kEspHeader);
  c.view->esp_spi = load_be32(bytes.data());
}

}  // namespace bulkhead::decode
