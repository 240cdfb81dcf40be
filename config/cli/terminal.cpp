#include "config/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <tuple>

#include "config/cli/explanation_text.h"

namespace bulkhead::config::cli {

Terminal Terminal::of(int fd) {
  Terminal out;
  out.tty = ::isatty(fd) == 1;
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  out.colour = out.tty && !dumb && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (out.tty && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) out.width = size.ws_col;
  return out;
}

std::string Terminal::wrap(const char* code, std::string_view s) const {
  if (!colour) return std::string(s);
  return "\x1b[" + std::string(code) + "m" + std::string(s) + "\x1b[0m";
}

std::string with_commas(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return with_commas(n).append(" ").append(n == 1 ? one : many);
}

std::string human_bytes(double bytes) {
  constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  const int decimals = unit == 0 ? 0 : bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, bytes, kUnits[unit]);
  return text.data();
}

std::string human_seconds(double seconds) {
  std::array<char, 32> text{};
  if (seconds < 0.9995) {
    std::snprintf(text.data(), text.size(), "%.1f ms", seconds * 1000);
  } else if (seconds < 59.995) {
    std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  } else {
    const auto whole = static_cast<unsigned long long>(std::llround(seconds));
    if (whole < 3600) {
      std::snprintf(text.data(), text.size(), "%llu min %02llu s", whole / 60, whole % 60);
    } else {
      std::snprintf(text.data(), text.size(), "%llu h %02llu min", whole / 3600, whole % 3600 / 60);
    }
  }
  return text.data();
}

std::size_t visible_width(std::string_view s) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '\x1b') {
      while (i < s.size() && s[i] != 'm') ++i;
    } else if ((static_cast<unsigned char>(s[i]) & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

std::string Table::text(unsigned indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], visible_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - visible_width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += columns_[i] == Align::kRight ? pad + row[i] : row[i] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

namespace {

std::string colour_diagnostic(const Diagnostic& diagnostic, const Terminal& terminal) {
  const std::string text = Diagnostics::format(diagnostic);
  if (!terminal.colour) return text;
  std::string out;
  for (std::size_t begin = 0, line_number = 0; begin < text.size(); ++line_number) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const bool error = diagnostic.severity == Severity::kError;
    const auto mark = [&](std::string_view s) { return error ? terminal.red(s) : terminal.yellow(s); };
    if (line_number == 0) {
      const std::string tag = (error                                       ? "error["
                               : diagnostic.severity == Severity::kWarning ? "warning["
                                                                           : "note[") +
                              diagnostic.code + "]";
      const auto at = line.find(tag);
      out += terminal.bold(line.substr(0, at)) + mark(tag) + line.substr(at + tag.size()) + "\n";
    } else if (line.find_first_not_of(" |^") == std::string::npos) {
      const auto caret = line.find('^');
      out += line.substr(0, caret) + (caret == std::string::npos ? "" : mark(line.substr(caret))) + "\n";
    } else if (line.starts_with("  hint: ")) {
      out += "  " + terminal.cyan("hint:") + line.substr(7) + "\n";
    } else {
      out += line + "\n";
    }
  }
  return out;
}

// By file (in order of first mention), line and column: steps of a compiler report one after the other.
std::vector<const Diagnostic*> in_file_order(const Diagnostics& diagnostics) {
  std::map<const SourceFile*, std::size_t> files;
  std::vector<const Diagnostic*> out;
  for (const auto& diagnostic : diagnostics.all()) {
    files.emplace(diagnostic.span.file.get(), files.size());
    out.push_back(&diagnostic);
  }
  const auto place = [&files](const Diagnostic* d) {
    return std::tuple(files.at(d->span.file.get()), d->span.line, d->span.column);
  };
  std::stable_sort(out.begin(), out.end(),
                   [&place](const Diagnostic* a, const Diagnostic* b) { return place(a) < place(b); });
  return out;
}

}  // namespace

std::string format_diagnostics(const Diagnostics& diagnostics, std::size_t cap, const Terminal& terminal) {
  std::map<std::string, std::size_t> printed;
  std::vector<std::string> codes;  // in the order of their first mention
  std::string out;
  for (const Diagnostic* diagnostic : in_file_order(diagnostics)) {
    const std::size_t count = ++printed[diagnostic->code];
    if (count == 1) codes.push_back(diagnostic->code);
    if (count <= cap || cap == 0) out += colour_diagnostic(*diagnostic, terminal);
  }
  for (const auto& [code, count] : printed) {
    if (cap != 0 && count > cap) {
      out += "... and " + with_commas(count - cap) + " more " + terminal.dim("[" + code + "]") + "\n";
    }
  }
  if (diagnostics.error_count() + diagnostics.warning_count() > diagnostics.all().size()) {
    out += "... and " +
           with_commas(diagnostics.error_count() + diagnostics.warning_count() - diagnostics.all().size()) +
           " more that are only counted\n";
  }
  return out + explain_line(codes, terminal);
}

}  // namespace bulkhead::config::cli
