#include "signatures/language/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bulkhead::signatures {
namespace {

std::vector<std::string> header_tokens(std::string_view text) {
  std::vector<std::string> out;
  for (HeaderLexer lexer(text); lexer.peek().kind != TokenKind::kEnd; lexer.take()) {
    out.push_back((lexer.peek().after_blank ? "_" : "") + std::string(lexer.peek().text));
  }
  return out;
}

std::vector<std::string> pieces(std::string_view text, std::string* rest = nullptr) {
  std::vector<std::string> out;
  OptionLexer lexer(text);
  std::string_view piece;
  while (lexer.take(piece)) out.emplace_back(piece);
  if (rest != nullptr) *rest = lexer.rest();
  return out;
}

using Strings = std::vector<std::string>;

TEST(HeaderLexer, WordsPunctuationAndBlanks) {
  EXPECT_EQ(header_tokens("alert\ttcp [!$A,::1/64]  80: -> any(msg"),
            (Strings{"alert", "_tcp", "_[", "!", "$A", ",", "::1/64", "]", "_80:", "_->", "_any", "(", "msg"}));
  EXPECT_EQ(header_tokens(""), Strings{});
  EXPECT_EQ(header_tokens(" \t "), Strings{});
}

TEST(HeaderLexer, EndTokenPointsBehindTheText) {
  const std::string_view text = "any ";
  HeaderLexer lexer(text);
  lexer.take();
  EXPECT_EQ(lexer.peek().kind, TokenKind::kEnd);
  EXPECT_EQ(lexer.peek().text.data(), text.data() + text.size());
}

TEST(OptionLexer, SplitsAtUnescapedSemicolons) {
  EXPECT_EQ(pieces("a; b:1;"), (Strings{"a", " b:1"}));
  EXPECT_EQ(pieces(R"(msg:"a\;b"; c;)"), (Strings{R"(msg:"a\;b")", " c"}));
  EXPECT_EQ(pieces(R"(msg:"a;b";)"), (Strings{R"(msg:"a)", R"(b")"}));
  // The byte before ';' decides, also when that backslash is itself escaped.
  EXPECT_EQ(pieces(R"(msg:"a\\;b";)"), (Strings{R"(msg:"a\\;b")"}));
  EXPECT_EQ(pieces(";;"), (Strings{"", ""}));
}

TEST(OptionLexer, KeepsWhatNothingEnds) {
  std::string rest;
  EXPECT_EQ(pieces(R"(a; b:1\;)", &rest), Strings{"a"});
  EXPECT_EQ(rest, R"( b:1\;)");
  EXPECT_EQ(pieces("", &rest), Strings{});
  EXPECT_EQ(rest, "");
}

}  // namespace
}  // namespace bulkhead::signatures
