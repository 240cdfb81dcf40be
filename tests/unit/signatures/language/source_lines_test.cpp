#include "signatures/language/source_lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bulkhead::signatures {
namespace {

struct Lines {
  Diagnostics out;
  SourceLines lines;
  explicit Lines(std::string text)
      : lines(std::make_shared<const SourceFile>("f", std::move(text)), "signature", out) {}
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& line : lines.lines()) all.push_back((line.comment ? "comment:" : "") + std::string(line.text));
    return all;
  }
  [[nodiscard]] std::string place(std::string_view part) const {
    const SourceSpan span = lines.span(part);
    return std::to_string(span.line) + ":" + std::to_string(span.column) + "+" + std::to_string(span.length);
  }
};

using Strings = std::vector<std::string>;

TEST(SourceLines, CommentsBlankLinesAndLineEnds) {
  EXPECT_EQ(Lines("a\r\n\n \t\r\n# c\n  #d\nb").texts(), (Strings{"a", "comment:# c", "comment:  #d", "b"}));
  EXPECT_EQ(Lines("").texts(), Strings{});
  EXPECT_EQ(Lines("\xef\xbb\xbf"
                  "a")
                .texts(),
            Strings{"a"});
}

TEST(SourceLines, JoinsContinuedLines) {
  EXPECT_EQ(Lines("a\\\nb\\ \r\n c\nd").texts(), (Strings{"ab c", "d"}));
  // Inside a continuation nothing is a comment, and a blank line ends it.
  EXPECT_EQ(Lines("a\\\n#b\nc").texts(), (Strings{"a#b", "c"}));
  EXPECT_EQ(Lines("a\\\n\nc").texts(), (Strings{"a", "c"}));
  EXPECT_EQ(Lines("\\\n\\\n\nc").texts(), (Strings{"c"}));
  // A comment is never continued.
  EXPECT_EQ(Lines("# a\\\nb").texts(), (Strings{"comment:# a\\", "b"}));
}

TEST(SourceLines, SpansMapBackToTheFile) {
  const Lines p("x\nab\\\n  cd\\\nef\n");
  const std::string_view joined = p.lines.lines()[1].text;
  ASSERT_EQ(joined, "ab  cdef");
  EXPECT_EQ(p.place(joined.substr(1, 1)), "2:2+1");
  EXPECT_EQ(p.place(joined.substr(4, 2)), "3:3+2");
  EXPECT_EQ(p.place(joined.substr(6, 1)), "4:1+1");
  EXPECT_EQ(p.place(joined.substr(0, 8)), "2:1+2");  // cut at the line end
  EXPECT_EQ(p.place(joined.substr(8, 0)), "4:3+0");  // the place behind the text
  EXPECT_EQ(p.place("elsewhere"), "0:0+0");
  EXPECT_EQ(p.place(std::string_view()), "0:0+0");
}

TEST(SourceLines, ReportsWhatItLeavesOut) {
  const Lines nul(std::string("ab\0c\nd", 6));
  EXPECT_EQ(nul.texts(), Strings{"d"});
  ASSERT_EQ(nul.out.all().size(), 1U);
  EXPECT_EQ(nul.out.all()[0].code, "signature.syntax.nul_byte");
  EXPECT_EQ(nul.out.all()[0].span.column, 3U);
  const Lines open("a\nb\\\nc\\");
  EXPECT_EQ(open.texts(), Strings{"a"});
  ASSERT_EQ(open.out.all().size(), 1U);
  EXPECT_EQ(open.out.all()[0].code, "signature.syntax.unfinished_line");
  EXPECT_EQ(open.out.all()[0].span.line, 3U);
  EXPECT_EQ(Lines("\xfe\xff").out.all()[0].code, "signature.file.utf16");
  const Lines longest(std::string(SourceLines::kMaxLineBytes, 'x') + "\n" +
                      std::string(SourceLines::kMaxLineBytes + 1, 'y'));
  EXPECT_EQ(longest.texts().size(), 1U);
  EXPECT_EQ(longest.out.all()[0].span.line, 2U);
}

TEST(SourceLines, Helpers) {
  EXPECT_EQ(trim_blanks("\t a b "), "a b");
  EXPECT_TRUE(equals_ignoring_case("AnY", "any"));
  EXPECT_FALSE(equals_ignoring_case("any", "an"));
  EXPECT_EQ(to_lower("Ab-1"), "ab-1");
  EXPECT_EQ(printable("a\x01\xff", 9), "a\\x01\\xff");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace bulkhead::signatures
