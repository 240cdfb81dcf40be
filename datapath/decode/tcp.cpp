// TCP and its options (RFC 9293 3.1, 3.2; 7323; 2018; 7413).
//
//     0        2        4     8     12          13      14       16         18
//     | source | dest   | seq | ack | offset|res| flags | window | checksum | urgent | options ...
#include <utility>

#include "datapath/decode/checksum.h"
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kTcpHeader = 20;

enum OptionKind : std::uint8_t {
  kEol = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
  kMd5 = 19,
  kAuthentication = 29,
  kFastOpen = 34,
  kExperiment1 = 253,
  kExperiment2 = 254
};

[[nodiscard]] bool length_fits(ByteSpan option) {
  const std::size_t n = option.size();
  switch (option[0]) {
    case kMss: return n == 4;
    case kWindowScale: return n == 3;
    case kSackPermitted: return n == 2;
    case kSack: return n == 2 || (n >= 10 && n <= 34 && (n - 2) % 8 == 0);  // an empty one is useless, but common
    case kTimestamps: return n == 10;
    case kMd5: return n == 18;
    case kAuthentication: return n >= 4;
    case kFastOpen: return n == 2 || (n >= 6 && n <= 18 && n % 2 == 0);
    case kExperiment1:
    case kExperiment2: return n == 4 || n == 12;
    default: return true;
  }
}

// True the first time; a repeated option keeps the first value.
[[nodiscard]] bool first_time(Context& c, bool& seen) {
  if (seen) c.note(DecodeEvent::tcp_opt_duplicate);
  return !std::exchange(seen, true);
}

void decode_option(Context& c, ByteSpan option) {
  constexpr std::uint16_t kFastOpenMagic = 0xf989;  // RFC 6994, before TFO had a number of its own
  if (!length_fits(option)) {
    const bool signs = option[0] == kMd5 || option[0] == kAuthentication;  // a bad signature option is never sent
    return signs ? c.note_invalid(DecodeEvent::tcp_opt_invalid_len) : c.note(DecodeEvent::tcp_opt_invalid_len);
  }
  TcpFields& tcp = c.view->tcp;
  switch (option[0]) {
    case kMss:
      if (first_time(c, tcp.has_mss)) tcp.mss = load_be16(&option[2]);
      break;
    case kWindowScale:
      if (first_time(c, tcp.has_window_scale)) tcp.window_scale = option[2];
      break;
    case kSackPermitted: static_cast<void>(first_time(c, tcp.sack_permitted)); break;
    case kSack: static_cast<void>(first_time(c, tcp.has_sack)); break;
    case kTimestamps:
      if (first_time(c, tcp.has_timestamps)) {
        tcp.ts_value = load_be32(&option[2]);
        tcp.ts_echo = load_be32(&option[6]);
      }
      break;
    case kFastOpen: static_cast<void>(first_time(c, tcp.has_fast_open)); break;
    case kExperiment1:
    case kExperiment2:
      if (load_be16(&option[2]) == kFastOpenMagic) static_cast<void>(first_time(c, tcp.has_fast_open));
      break;
    default: break;
  }
}

void decode_options(Context& c, ByteSpan options) {
  // The usual form on established connections: NOP NOP timestamps.
  if (options.size() == 12 && load_be32(options.data()) == 0x0101'080a) {
    TcpFields& tcp = c.view->tcp;
    tcp.has_timestamps = true;
    tcp.ts_value = load_be32(&options[4]);
    tcp.ts_echo = load_be32(&options[8]);
    return;
  }
  while (!options.empty() && options[0] != kEol) {
    if (options[0] == kNop) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return;
    const std::size_t length = options[1];
    if (length < 2 || length > options.size()) return c.note_invalid(DecodeEvent::tcp_opt_invalid_len);
    decode_option(c, options.first(length));
    options = options.subspan(length);
  }
}

}  // namespace

void decode_tcp(Context& c, ByteSpan bytes) {
  c.counters().tcp.add();
  if (bytes.size() < kTcpHeader) return c.fail(DecodeEvent::tcp_pkt_too_small);
  const Byte* p = bytes.data();
  const std::size_t header_length = (p[12] >> 4) * 4U;
  if (header_length > bytes.size()) return c.fail(DecodeEvent::tcp_hlen_too_small);
  if (header_length < kTcpHeader) return c.fail(DecodeEvent::tcp_invalid_optlen);
  PacketView& v = *c.view;
  set_l4(v, bytes, header_length);
  set_ports(v, bytes);
  v.has_tcp = true;
  v.tcp.seq = load_be32(p + 4);
  v.tcp.ack = load_be32(p + 8);
  v.tcp.flags = p[13];
  v.tcp.window = load_be16(p + 14);
  v.tcp.urgent = load_be16(p + 18);
  v.tcp.header_length = static_cast<std::uint8_t>(header_length);
  if (header_length > kTcpHeader) decode_options(c, bytes.subspan(kTcpHeader, header_length - kTcpHeader));
  if (c.verify) v.l4_checksum_bad = transport_checksum(v.source, v.destination, ip_proto::kTcp, bytes) != 0;
}

}  // namespace bulkhead::decode
