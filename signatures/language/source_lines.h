// Splits operator input into logical lines: comments and blank lines apart, lines that end in a
// backslash joined, and maps any piece of a logical line back to its file, line and column.
//
// Thread   control thread only; immutable after construction, shared by what was parsed from it.
// In       any bytes; \n and \r\n line ends; a UTF-8 byte order mark is skipped.
// Out      views into the file, or into a joined copy where a line continues; valid while this lives.
//            a\<newline> b  reads "a b": the backslash goes, with blanks and line end behind it
// Limits   kMaxLineBytes a logical line, joined or not; longer ones are reported and left out.
// Errors   signature.file.utf16, signature.syntax.nul_byte, .line_too_long, .unfinished_line
// Tests    tests/unit/signatures/language/source_lines_test.cpp
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"

namespace bulkhead::signatures {

struct LogicalLine {
  std::string_view text;  // without line end
  bool comment = false;   // first non-blank byte is '#'; text includes it
};

class SourceLines {
 public:
  // Twelve times what Suricata reads; long IP lists in a rule fit.
  static constexpr std::size_t kMaxLineBytes = 100'000;

  // `code_prefix` starts the codes of diagnostics ("signature").
  SourceLines(SourceFilePtr file, std::string_view code_prefix, Diagnostics& out);
  SourceLines(const SourceLines&) = delete;
  SourceLines& operator=(const SourceLines&) = delete;

  [[nodiscard]] const SourceFilePtr& file() const { return file_; }
  [[nodiscard]] const std::vector<LogicalLine>& lines() const { return lines_; }
  // Position of a piece of a line's text, taken by address; a piece of a joined line that crosses
  // a line end is cut there. A view from elsewhere answers the file alone.
  [[nodiscard]] SourceSpan span(std::string_view part) const;

 private:
  struct Segment {
    std::size_t joined_offset;
    std::size_t file_offset;
  };
  struct JoinedLine {
    std::string text;
    std::vector<Segment> segments;
  };
  class Builder;

  [[nodiscard]] SourceSpan span_at(std::size_t offset, std::size_t length) const;

  SourceFilePtr file_;
  std::vector<LogicalLine> lines_;
  std::map<const char*, std::unique_ptr<JoinedLine>, std::less<>> joined_;  // by address of the text
};
using SourceLinesPtr = std::shared_ptr<const SourceLines>;

// Blanks as the rule language has them: space and tab.
[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
[[nodiscard]] std::string_view trim_blanks(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string to_lower(std::string_view text);
// A byte string for a message: unprintable bytes as \xNN, at most `limit` bytes of it.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace bulkhead::signatures
