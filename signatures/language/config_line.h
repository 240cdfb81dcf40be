// A cursor over one line of classification.config, reference.config or threshold.config.
//
// Thread   control thread only; views into the line.
// Tests    the tests of those three readers
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

class ConfigLine {
 public:
  explicit ConfigLine(std::string_view text) : rest_(trim_line(text)) {}

  // What is left, without blanks in front.
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // The next run of bytes up to a blank, ',' or ':'; empty when there is none.
  std::string_view word() {
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length]) && rest_[length] != ',' && rest_[length] != ':') ++length;
    return take(length);
  }
  // A decimal number that fills a word; no value when the word is none or too large.
  template <typename Number>
  std::optional<Number> number() {
    const std::string_view text = word();
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    take(1);
    return true;
  }
  bool skip_word(std::string_view expected) {
    ConfigLine ahead = *this;
    if (ahead.word() != expected) return false;
    *this = ahead;
    return true;
  }

 private:
  static std::string_view trim_line(std::string_view text) {
    while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
    return trim_blanks(text);
  }
  std::string_view take(std::size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    return taken;
  }
  std::string_view rest_;
};

// A name of a class or a reference system: a letter, then letters, digits, '-', '_' and '.'.
[[nodiscard]] constexpr bool is_config_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !letter(name.front())) return false;
  for (const char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

}  // namespace bulkhead::signatures
