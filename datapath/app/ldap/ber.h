// BER elements with definite lengths, as LDAP uses them (X.690, RFC 4511 5.1): a cursor over siblings.
//
// Thread   value type. In  borrowed bytes. Out  borrowed spans.
// Errors   failed(): a length that cannot be or goes beyond the bytes; next() is then false.
// Tests    tests/unit/datapath/app/ldap/ldap_parser_test.cpp
#pragma once

#include <cstdint>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::ldap {

// Head of an element: false when more bytes are needed or (bad) when it cannot be.
struct BerHead {
  std::uint8_t tag = 0;
  std::size_t head = 0;
  std::uint64_t length = 0;
  bool bad = false;
};
bool read_head(ByteSpan data, BerHead& out);

class BerReader {
 public:
  explicit BerReader(ByteSpan bytes) : rest_(bytes) {}

  // The next sibling; a body that goes beyond the bytes is cut, and failed() set.
  bool next();
  [[nodiscard]] std::uint8_t tag() const { return tag_; }
  [[nodiscard]] ByteSpan body() const { return body_; }
  [[nodiscard]] bool failed() const { return failed_; }
  // The body as an unsigned number of at most four bytes.
  [[nodiscard]] std::uint32_t number() const;

 private:
  ByteSpan rest_, body_;
  std::uint8_t tag_ = 0;
  bool failed_ = false;
};

}  // namespace bulkhead::app::ldap
