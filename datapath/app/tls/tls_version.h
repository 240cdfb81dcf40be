// Versions of SSL and TLS, drafts included, and their names in records.
//
// Thread   pure functions.
// Source   RFC 8446 4.2.1; drafts: draft-ietf-tls-tls13-NN is 0x7fNN
// Tests    tests/unit/datapath/app/tls/tls_hello_test.cpp
#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::app::tls {

namespace version {
inline constexpr std::uint16_t kUnknown = 0, kSsl2 = 0x0200, kSsl3 = 0x0300, kTls10 = 0x0301, kTls11 = 0x0302,
                               kTls12 = 0x0303, kTls13 = 0x0304,
                               kTls13Early = 0x7f01;  // some draft before 16: they cannot be told apart
}

// A draft of TLS 1.3, as browsers and servers spoke it before RFC 8446.
[[nodiscard]] constexpr bool is_draft13(std::uint16_t v) {
  return (v >> 8) == 0x7f || (v >> 8) == 0xfb;
}
[[nodiscard]] constexpr bool is_tls13(std::uint16_t v) {
  return v == version::kTls13 || is_draft13(v);
}
// "TLS 1.2", "TLS 1.3 draft-28", "UNDETERMINED", "0x7e01".
[[nodiscard]] std::string version_name(std::uint16_t v);

}  // namespace bulkhead::app::tls
