// Fingerprints of the two hellos: JA3, JA3S and JA4.
//
//   JA3    version,ciphers,extensions,groups,point formats   each list joined by '-', GREASE left out; MD5 of that
//   JA3S   version,cipher,extensions
//   JA4    t13d1516h2_8daaf6152771_02713d6af862: what it is, then the sorted ciphers, then the sorted extensions
//          with the signature algorithms; both lists as the first twelve digits of their SHA-256
//
// Thread   pure functions.
// Source   github.com/salesforce/ja3, github.com/FoxIO-LLC/ja4 (technical_details/JA4.md)
// Tests    tests/unit/datapath/app/tls/tls_fingerprint_test.cpp
#pragma once

#include <string>

#include "datapath/app/tls/tls_hello.h"

namespace bulkhead::app::tls {

[[nodiscard]] std::string ja3_text(const Hello& client);
[[nodiscard]] std::string ja3s_text(const Hello& server);
// `transport`: 't' over TCP, 'q' over QUIC.
[[nodiscard]] std::string ja4_text(const Hello& client, char transport);

}  // namespace bulkhead::app::tls
