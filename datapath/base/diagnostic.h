// Errors of operator input (YAML, signatures, policies): where, what, and how to mend it. Every
// problem of a run is collected; nothing throws.
//
// Thread   control thread only.
// Units    lines and columns count from 1; columns and lengths are bytes.
// Out      Diagnostics::print() writes the form
//              web.yaml:14:11-19: error[policy.selector.unknown_label]: no workload has label "tier"
//                14 |   from: { tear: frontend }
//                   |           ^^^^
//                hint: known labels are app, env, tier
// Limits   kMaxKept diagnostics are kept with text; later ones are only counted.
// Tests    tests/unit/datapath/base/diagnostic_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead {

// One piece of operator input with its name, kept so that carets can be drawn.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  // Line `number` (from 1) without its line end; empty when there is no such line.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  // Line and column (from 1) of a byte offset.
  struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
  };
  [[nodiscard]] Position position(std::size_t offset) const;
  [[nodiscard]] std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};
using SourceFilePtr = std::shared_ptr<const SourceFile>;

struct SourceSpan {
  SourceFilePtr file;        // may be null: no position known
  std::uint32_t line = 0;    // from 1; 0: none
  std::uint32_t column = 0;  // from 1
  std::uint32_t length = 0;  // bytes; 0: no caret run
};

enum class Severity : std::uint8_t { kError, kWarning, kNote };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;  // dotted, stable: "signature.content.depth_too_small"
  std::string message;
  std::string hint;  // may be empty
  SourceSpan span;
};

class Diagnostics {
 public:
  static constexpr std::size_t kMaxKept = 100000;

  void add(Diagnostic diagnostic);
  void error(SourceSpan span, std::string code, std::string message, std::string hint = {});
  void warning(SourceSpan span, std::string code, std::string message, std::string hint = {});

  [[nodiscard]] bool has_errors() const { return errors_ != 0; }
  [[nodiscard]] std::size_t error_count() const { return errors_; }
  [[nodiscard]] std::size_t warning_count() const { return warnings_; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return list_; }
  // Errors per code, for summaries.
  [[nodiscard]] std::map<std::string, std::size_t> count_by_code(Severity severity) const;
  void append(const Diagnostics& other);
  void print(std::ostream& out, std::size_t at_most = kMaxKept) const;
  [[nodiscard]] static std::string format(const Diagnostic& diagnostic);

 private:
  std::vector<Diagnostic> list_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

// The candidate nearest to `word` by edit distance, or empty when none is near enough to suggest.
[[nodiscard]] std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bulkhead
