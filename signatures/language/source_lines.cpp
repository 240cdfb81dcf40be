#include "signatures/language/source_lines.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace bulkhead::signatures {

namespace {

bool has_utf16_mark(std::string_view text) {
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

// Length of the line without blanks and \r at its end.
std::size_t trimmed_length(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t\r\v\f");
  return last == std::string_view::npos ? 0 : last + 1;
}

bool is_within(std::string_view part, std::string_view whole) {
  const std::less_equal<> at_most;
  return at_most(whole.data(), part.data()) && at_most(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

class SourceLines::Builder {
 public:
  Builder(SourceLines& lines, std::string_view prefix, Diagnostics& out)
      : lines_(lines), prefix_(prefix), out_(out), text_(lines.file_->text()) {}

  void run() {
    if (has_utf16_mark(text_)) {
      report(0, 2, ".file.utf16", "the file is UTF-16, which rule files never are", "save it as UTF-8");
      return;
    }
    std::size_t at = text_.starts_with("\xef\xbb\xbf") ? 3 : 0;
    while (at < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      add_line(at, end);
      at = end + 1;
    }
    if (joined_) {
      const std::size_t last = joined_->segments.back().file_offset;
      report(last, 0, ".syntax.unfinished_line", "the file ends in a line that a backslash continues");
    }
  }

 private:
  void add_line(std::size_t begin, std::size_t end) {
    std::string_view line = text_.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t first = line.find_first_not_of(" \t\r\v\f");
    if (!joined_) {
      if (first == std::string_view::npos) return;
      if (line[first] == '#') {
        lines_.lines_.push_back({line, true});
        return;
      }
    }
    const std::size_t length = trimmed_length(line);
    const bool continues = length > 0 && line[length - 1] == '\\';
    if (!continues && !joined_) {
      finish(line, begin);
      return;
    }
    if (!joined_) joined_ = std::make_unique<JoinedLine>();
    joined_->segments.push_back({joined_->text.size(), begin});
    joined_->text += continues ? line.substr(0, length - 1) : line;
    if (!continues) finish_joined();
  }

  void finish_joined() {
    const std::string_view text = joined_->text;
    const std::size_t file_offset = joined_->segments.front().file_offset;
    lines_.joined_.emplace(text.data(), std::exchange(joined_, nullptr));
    if (text.find_first_not_of(" \t\r\v\f") != std::string_view::npos) finish(text, file_offset);
  }

  void finish(std::string_view line, std::size_t file_offset) {
    const std::size_t nul = line.find('\0');
    if (nul != std::string_view::npos) {
      const SourceSpan span = lines_.span(line.substr(nul, 1));
      out_.error(span, prefix_ + ".syntax.nul_byte", "a NUL byte in a rule");
    } else if (line.size() > kMaxLineBytes) {
      report(file_offset, 0, ".syntax.line_too_long",
             "the line has " + std::to_string(line.size()) + " bytes; the limit is " + std::to_string(kMaxLineBytes));
    } else {
      lines_.lines_.push_back({line, false});
    }
  }

  void report(std::size_t offset, std::size_t length, const char* code, std::string message, std::string hint = {}) {
    out_.error(lines_.span_at(offset, length), prefix_ + code, std::move(message), std::move(hint));
  }

  SourceLines& lines_;
  std::string prefix_;
  Diagnostics& out_;
  std::string_view text_;
  std::unique_ptr<JoinedLine> joined_;  // the line being continued
};

SourceLines::SourceLines(SourceFilePtr file, std::string_view code_prefix, Diagnostics& out) : file_(std::move(file)) {
  Builder(*this, code_prefix, out).run();
}

SourceSpan SourceLines::span_at(std::size_t offset, std::size_t length) const {
  const SourceFile::Position position = file_->position(offset);
  return {file_, position.line, position.column, static_cast<std::uint32_t>(length)};
}

SourceSpan SourceLines::span(std::string_view part) const {
  if (part.data() == nullptr) return {file_, 0, 0, 0};
  const std::string_view text = file_->text();
  if (is_within(part, text)) return span_at(static_cast<std::size_t>(part.data() - text.data()), part.size());
  auto after = joined_.upper_bound(part.data());
  if (after == joined_.begin()) return {file_, 0, 0, 0};
  const JoinedLine& joined = *std::prev(after)->second;
  if (!is_within(part, joined.text)) return {file_, 0, 0, 0};
  const auto offset = static_cast<std::size_t>(part.data() - joined.text.data());
  auto next = std::upper_bound(joined.segments.begin(), joined.segments.end(), offset,
                               [](std::size_t o, const Segment& s) { return o < s.joined_offset; });
  const Segment& segment = *std::prev(next);
  const std::size_t segment_end = next == joined.segments.end() ? joined.text.size() : next->joined_offset;
  return span_at(segment.file_offset + (offset - segment.joined_offset), std::min(part.size(), segment_end - offset));
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, limit)) {
    if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f) {
      out += c;
    } else {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(c));
      out += hex;
    }
  }
  if (text.size() > limit) out += "...";
  return out;
}

}  // namespace bulkhead::signatures
