// The tokens of a rule: the header is words and list punctuation, the options are pieces that end in ';'.
//
// Thread   control thread only; views into the caller's text.
// Tests    tests/unit/signatures/language/lexer_test.cpp
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead::signatures {

enum class TokenKind : std::uint8_t {
  kWord,          // any run of other bytes: alert, $HOME_NET, 10.0.0.0/8, 80:90, ->
  kLeftBracket,   // [
  kRightBracket,  // ]
  kComma,         // ,
  kBang,          // !
  kParenthesis,   // ( ends the header
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;     // empty at the end, but still points at its place
  bool after_blank = false;  // blanks part the fields of a header
};

}  // namespace bulkhead::signatures
