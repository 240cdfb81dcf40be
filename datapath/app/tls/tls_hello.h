// What the two hello messages say (RFC 8446 4.1, RFC 5246 7.4.1), and the old hello of SSL 2.
//
//   version(2) random(32) session id(1+n) ciphers(2+n) | cipher(2)  compression(1+n | 1)  extensions(2+n)
//
// Thread   pure functions.
// In       one whole handshake message without its header. Out  a Hello; lists keep their order and GREASE values.
// Limits   the message's length; a name beyond kMaxName is cut, with an event.
// Errors   false: cannot be read. TlsEvent for what is odd and readable.
// Tests    tests/unit/datapath/app/tls/tls_hello_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::tls {

enum class TlsEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/tls/tls_events.def"
#undef X
  kCount
};

namespace extension {
inline constexpr std::uint16_t kServerName = 0, kGroups = 10, kPointFormats = 11, kSignatureAlgorithms = 13, kAlpn = 16,
                               kSessionTicket = 35, kEarlyData = 42, kSupportedVersions = 43;
}

// Values that clients send to keep servers tolerant (RFC 8701): 0x0a0a, 0x1a1a, ...
[[nodiscard]] constexpr bool is_grease(std::uint16_t v) {
  return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

struct Hello {
  std::uint16_t wire_version = 0;  // as in the message's first field
  std::uint16_t version = 0;       // as meant: supported_versions counts more than the field
  std::array<Byte, 32> random{};
  std::vector<Byte> session_id;
  std::vector<std::uint16_t> ciphers;  // one, of a server
  std::vector<std::uint16_t> extensions, groups, signature_algorithms, versions;
  std::vector<std::uint8_t> point_formats;
  std::vector<std::string> alpn;
  std::optional<std::string> sni;
  bool has_ticket = false;  // a session ticket with bytes in it
  bool early_data = false;
  bool sslv2 = false;
};

inline constexpr std::size_t kMaxName = 255;

using TlsEvents = std::vector<TlsEvent>;

[[nodiscard]] bool read_client_hello(ByteSpan message, Hello& out, TlsEvents& events);
[[nodiscard]] bool read_server_hello(ByteSpan message, Hello& out, TlsEvents& events);
// The client hello of SSL 2, behind the message type; the lengths come first.
[[nodiscard]] bool read_sslv2_client_hello(ByteSpan message, Hello& out);

}  // namespace bulkhead::app::tls
