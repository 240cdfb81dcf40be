// MD5, SHA-1 and SHA-256 of short texts, for fingerprints.
//
// Thread   pure functions.
// Errors   none: a library without the digest gives an empty one.
// Tests    tests/unit/datapath/app/tls/tls_fingerprint_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app {

enum class DigestKind : std::uint8_t { kMd5, kSha1, kSha256 };

struct Digest {
  std::array<Byte, 32> data{};
  std::size_t size = 0;
  [[nodiscard]] ByteSpan bytes() const { return ByteSpan(data).first(size); }
  [[nodiscard]] std::string hex() const;
};

[[nodiscard]] Digest digest(DigestKind kind, ByteSpan bytes);
[[nodiscard]] Digest digest(DigestKind kind, std::string_view text);

}  // namespace bulkhead::app
