// Bytes from the network as text that JSON may hold.
//
// Thread   pure functions; they append to the caller's buffer, so that it can be reused.
// Tests    tests/unit/datapath/base/text_encoding_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "datapath/base/ip_address.h"

namespace bulkhead {

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes);
// Every byte outside of printable ASCII becomes the four characters \xNN: lossless and always valid.
void append_escaped(std::string& out, std::string_view bytes);
// Printable ASCII, CR and LF as they are, every other byte a dot: EVE payload_printable.
void append_printable(std::string& out, std::string_view bytes);
// RFC 4648 with padding.
void append_base64(std::string& out, std::string_view bytes);

// An address as EVE writes it, without allocating: IPv4 dotted, IPv6 in full.
class AddressText {
 public:
  explicit AddressText(const IpAddress& address);
  [[nodiscard]] std::string_view view() const { return {text_, length_}; }

 private:
  char text_[40];
  std::size_t length_ = 0;
};

}  // namespace bulkhead
