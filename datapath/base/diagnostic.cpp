#include "datapath/base/diagnostic.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace bulkhead {

SourceFile::SourceFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n' && i + 1 < text_.size()) line_starts_.push_back(i + 1);
  }
}

std::string_view SourceFile::line(std::uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  const std::size_t begin = line_starts_[number - 1];
  std::size_t end = text_.find('\n', begin);
  if (end == std::string::npos) end = text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

SourceFile::Position SourceFile::position(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto index = static_cast<std::size_t>(after - line_starts_.begin()) - 1;
  return {static_cast<std::uint32_t>(index + 1), static_cast<std::uint32_t>(offset - line_starts_[index] + 1)};
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::kError) ++errors_;
  if (diagnostic.severity == Severity::kWarning) ++warnings_;
  if (list_.size() < kMaxKept) list_.push_back(std::move(diagnostic));
}

void Diagnostics::error(SourceSpan span, std::string code, std::string message, std::string hint) {
  add({Severity::kError, std::move(code), std::move(message), std::move(hint), std::move(span)});
}

void Diagnostics::warning(SourceSpan span, std::string code, std::string message, std::string hint) {
  add({Severity::kWarning, std::move(code), std::move(message), std::move(hint), std::move(span)});
}

std::map<std::string, std::size_t> Diagnostics::count_by_code(Severity severity) const {
  std::map<std::string, std::size_t> counts;
  for (const auto& diagnostic : list_) {
    if (diagnostic.severity == severity) ++counts[diagnostic.code];
  }
  return counts;
}

void Diagnostics::append(const Diagnostics& other) {
  for (const auto& diagnostic : other.list_) add(diagnostic);
}

namespace {

const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kNote: return "note";
  }
  return "error";
}

// A window of the line around the caret: rules of several thousand bytes are common.
struct Excerpt {
  std::string text;
  std::size_t caret = 0;
};

Excerpt excerpt_around(std::string_view line, std::size_t column0, std::size_t length) {
  constexpr std::size_t kWidth = 110;
  std::size_t begin = 0;
  if (line.size() > kWidth && column0 + length > kWidth - 10) {
    begin = column0 > kWidth / 3 ? column0 - kWidth / 3 : 0;
  }
  const std::size_t end = std::min(line.size(), begin + kWidth);
  Excerpt out;
  if (begin > 0) out.text = "...";
  out.caret = out.text.size() + (column0 - begin);
  for (const char c : line.substr(begin, end - begin)) out.text += (c == '\t') ? ' ' : c;
  if (end < line.size()) out.text += "...";
  return out;
}

}  // namespace

std::string Diagnostics::format(const Diagnostic& diagnostic) {
  std::ostringstream out;
  const SourceSpan& span = diagnostic.span;
  if (span.file) {
    out << span.file->name();
    if (span.line != 0) {
      out << ':' << span.line << ':' << span.column;
      if (span.length > 1) out << '-' << span.column + span.length - 1;
    }
    out << ": ";
  }
  out << severity_name(diagnostic.severity) << '[' << diagnostic.code << "]: " << diagnostic.message << '\n';
  if (span.file && span.line != 0 && span.column != 0) {
    const std::string_view line = span.file->line(span.line);
    const std::size_t column0 = std::min<std::size_t>(span.column - 1, line.size());
    const Excerpt excerpt = excerpt_around(line, column0, span.length);
    const std::string number = std::to_string(span.line);
    const std::string margin(std::max<std::size_t>(number.size(), 4), ' ');
    const std::size_t room = excerpt.text.size() > excerpt.caret ? excerpt.text.size() - excerpt.caret : 1;
    const std::size_t run = std::clamp<std::size_t>(span.length, 1, room);
    out << margin.substr(number.size()) << number << " | " << excerpt.text << '\n'
        << margin << " | " << std::string(excerpt.caret, ' ') << std::string(run, '^') << '\n';
  }
  if (!diagnostic.hint.empty()) out << "  hint: " << diagnostic.hint << '\n';
  return out.str();
}

void Diagnostics::print(std::ostream& out, std::size_t at_most) const {
  std::size_t printed = 0;
  for (const auto& diagnostic : list_) {
    if (printed++ == at_most) break;
    out << format(diagnostic);
  }
  if (list_.size() > at_most) out << "... and " << list_.size() - at_most << " more\n";
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::vector<std::size_t> row;
  for (const auto& candidate : candidates) {
    row.resize(candidate.size() + 1);
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t substituted = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace bulkhead
