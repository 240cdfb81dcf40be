// Decimal and 0x numbers of option values, and lists of them.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/number_test_test.cpp
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

// The whole text is one number of the type; '-' is fine for signed types.
template <typename Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The same, with 0x in front for hexadecimal.
template <typename Number>
[[nodiscard]] std::optional<Number> parse_any_base(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_number<Number>(text.substr(2), 16);
  return parse_number<Number>(text);
}

// Pieces between separators, without outer blanks; at least one, empty ones kept.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(trim_blanks(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace bulkhead::signatures
