// Letters and blanks of protocols that are text.
//
// Thread   pure functions.
// Tests    tests/unit/datapath/app/text_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app {

[[nodiscard]] constexpr bool is_blank(char c) {  // between words of a header
  return c == ' ' || c == '\t';
}
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
[[nodiscard]] constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
// Equal but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);
// Does `text` begin with the word, whatever its case?
[[nodiscard]] bool begins_with_word(std::string_view text, std::string_view word);
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text);  // blanks and line ends, both ends

[[nodiscard]] inline std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

}  // namespace bulkhead::app
