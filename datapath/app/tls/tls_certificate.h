// The few fields of an X.509 certificate that rules and records look at, read straight from its DER (RFC 5280 4.1).
//
//   SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, ... }, ... }
//
// Nothing is verified, and the key is not even looked at: that keeps a hostile certificate as cheap as an honest one.
//
// Thread   pure functions.
// Out      names as "C=DE, O=Lab, Inc., CN=host" in the order of the certificate, as the reference writes them.
// Limits   kMaxNameBytes of a name's text, kMaxNameParts of its parts.
// Errors   CertificateError: the first thing that could not be read; what was read before it stays.
// Tests    tests/unit/datapath/app/tls/tls_certificate_test.cpp (against OpenSSL's reader)
#pragma once

#include <cstdint>
#include <string>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::tls {

enum class CertificateError : std::uint8_t {
  kNone,
  kDer,
  kLength,
  kVersion,
  kSerial,
  kAlgorithm,
  kIssuer,
  kValidity,
  kDate,
  kSubject
};

inline constexpr std::size_t kMaxNameBytes = 4096, kMaxNameParts = 64;

struct Certificate {
  std::string subject, issuer;
  std::string serial;                          // "0C:FF:42"
  std::string fingerprint;                     // SHA-1, "3a:0b:..."
  std::int64_t not_before = 0, not_after = 0;  // seconds since 1970
};

[[nodiscard]] CertificateError read_certificate(ByteSpan der, Certificate& out);
// "2015-02-12T18:07:27".
[[nodiscard]] std::string date_text(std::int64_t seconds);

}  // namespace bulkhead::app::tls
