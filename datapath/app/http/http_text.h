// Words and blanks as HTTP/1 has them (RFC 9110 5.6), read as tolerantly as servers and browsers do.
//
// Thread   pure functions.
// Tests    tests/unit/datapath/app/http/http_text_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/app/text.h"

namespace bulkhead::app::http {

using app::hex_value;
using app::is_blank;
using app::is_space;
using app::lower_case;
using app::same_word;
using app::to_lower;
using app::trim;

inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> out{};
  for (const char c :
       std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&'*+-.^_`|~")) {
    out[static_cast<unsigned char>(c)] = true;
  }
  return out;
}();
// May stand in a token (RFC 9110 5.6.2).
[[nodiscard]] inline bool is_token_char(char c) {
  return kTokenChars[static_cast<unsigned char>(c)];
}
[[nodiscard]] bool is_token(std::string_view text);
// Equal but for the case of ASCII letters, zero bytes in `a` left out: senders hide header names behind them.
[[nodiscard]] bool same_word_but_nul(std::string_view a, std::string_view b);
// Does `text` hold the word, whatever its case? `skip_nul`: zero bytes between letters do not count.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view word, bool skip_nul = false);
// The first number in the text, whatever stands around it; nullopt: none, or too large.
[[nodiscard]] std::optional<std::uint64_t> first_number(std::string_view text);

// "bytes 0-499/1234" (RFC 9110 14.4); what is no number is left out.
struct ContentRange {
  std::optional<std::uint64_t> start, end, size;
};
[[nodiscard]] ContentRange parse_content_range(std::string_view text);

// "host:port", "[v6]:port"; `valid` says whether the host may be one.
struct HostPort {
  std::string host;  // lower case, without a final dot
  std::string_view port_text;
  std::uint16_t port = 0;
  bool valid = true;
  bool port_valid = true;
};
[[nodiscard]] HostPort parse_host(std::string_view text);

}  // namespace bulkhead::app::http
