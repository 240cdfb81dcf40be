#include "signatures/language/lexer.h"

#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

namespace {

TokenKind punctuation(char c) {
  switch (c) {
    case '[': return TokenKind::kLeftBracket;
    case ']': return TokenKind::kRightBracket;
    case ',': return TokenKind::kComma;
    case '!': return TokenKind::kBang;
    case '(': return TokenKind::kParenthesis;
    default: return TokenKind::kWord;
  }
}

}  // namespace

void HeaderLexer::advance() {
  std::size_t blanks = 0;
  while (blanks < rest_.size() && is_blank(rest_[blanks])) ++blanks;
  token_.after_blank = blanks > 0;
  rest_.remove_prefix(blanks);
  if (rest_.empty()) {
    token_.kind = TokenKind::kEnd;
    token_.text = rest_;
    return;
  }
  token_.kind = punctuation(rest_.front());
  std::size_t length = 1;
  if (token_.kind == TokenKind::kWord) {
    while (length < rest_.size() && !is_blank(rest_[length]) && punctuation(rest_[length]) == TokenKind::kWord)
      ++length;
  }
  token_.text = rest_.substr(0, length);
  rest_.remove_prefix(length);
}

bool OptionLexer::take(std::string_view& piece) {
  std::size_t end = 0;
  for (;;) {
    end = rest_.find(';', end);
    if (end == std::string_view::npos) return false;
    if (end == 0 || rest_[end - 1] != '\\') break;
    ++end;
  }
  piece = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return true;
}

}  // namespace bulkhead::signatures
