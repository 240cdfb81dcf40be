// What a terminal can do, and text made for it: colours, tables, numbers that people can read.
//
// Thread   the main thread.
// Colours  only on a terminal, unless NO_COLOR is set or TERM is dumb.
// Tests    tests/unit/config/cli/terminal_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"

namespace bulkhead::config::cli {

struct Terminal {
  bool tty = false;
  bool colour = false;
  unsigned width = 80;

  [[nodiscard]] static Terminal of(int fd);

  [[nodiscard]] std::string bold(std::string_view s) const { return wrap("1", s); }
  [[nodiscard]] std::string dim(std::string_view s) const { return wrap("2", s); }
  [[nodiscard]] std::string red(std::string_view s) const { return wrap("31;1", s); }
  [[nodiscard]] std::string green(std::string_view s) const { return wrap("32", s); }
  [[nodiscard]] std::string yellow(std::string_view s) const { return wrap("33", s); }
  [[nodiscard]] std::string cyan(std::string_view s) const { return wrap("36", s); }

 private:
  [[nodiscard]] std::string wrap(const char* code, std::string_view s) const;
};

// 1,234,567
[[nodiscard]] std::string with_commas(std::uint64_t n);
// "1 policy", "1,200 policies".
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view one, std::string_view many);
// 512 B, 4.0 KB, 1.27 GB (powers of 1000, as captures and links are counted)
[[nodiscard]] std::string human_bytes(double bytes);
// 3.2 ms, 1.84 s, 2 min 05 s, 1 h 02 min
[[nodiscard]] std::string human_seconds(double seconds);

// Columns as wide as their widest cell (colour codes do not count), two blanks between.
class Table {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(unsigned indent = 2) const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Bytes that take room on the screen: without colour codes, UTF-8 sequences as one.
[[nodiscard]] std::size_t visible_width(std::string_view s);

// Diagnostics in file order, at most `cap` of each code (0: all); the rest as one line a code; then the command that
// tells more about them.
[[nodiscard]] std::string format_diagnostics(const Diagnostics& diagnostics, std::size_t cap, const Terminal& terminal);

}  // namespace bulkhead::config::cli
