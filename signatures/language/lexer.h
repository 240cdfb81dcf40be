// Cuts a rule into tokens, one level each: HeaderLexer up to the parenthesis, OptionLexer behind it.
//
// Thread   control thread only; no allocation.
// In       one logical line (source_lines.h).
// Out      views into it; concatenated with the blanks between them they are the input.
// Escapes  an option ends at the first ';' that no backslash precedes, inside quotes or not; this is
//          Suricata's rule, so `msg:"a;b"` is two pieces and `msg:"a\;b"` is one.
// Tests    tests/unit/signatures/language/lexer_test.cpp
#pragma once

#include "signatures/language/token.h"

namespace bulkhead::signatures {

class HeaderLexer {
 public:
  explicit HeaderLexer(std::string_view text) : rest_(text) { advance(); }
  [[nodiscard]] const Token& peek() const { return token_; }
  Token take() {
    const Token token = token_;
    advance();
    return token;
  }

 private:
  void advance();
  std::string_view rest_;
  Token token_;
};

class OptionLexer {
 public:
  explicit OptionLexer(std::string_view text) : rest_(text) {}
  // The next piece before its ';', blanks kept; false when no ';' is left.
  [[nodiscard]] bool take(std::string_view& piece);
  // What no ';' ends.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace bulkhead::signatures
