// Rule file text to syntax tree, with every error of the file in one run.
//
// Thread   control thread only; no state between calls.
// In       any bytes. Grammar and examples: GRAMMAR.md.
// Out      RuleFile (ast.h). A rule with an error is left out, counted, and never hides the next one;
//          within a rule the options are still read after an error in the header.
// Limits   kMaxListDepth nested lists; lines as in source_lines.h.
// Errors   Diagnostics signature.{file,syntax,header,address,port,option}.*; never throws for input.
// Source   Suricata 7 user guide, "Rules Format"; behaviour compared with 7.0.10 by its own -T.
// Tests    tests/unit/signatures/language/parser_test.cpp, tests/fuzz/fuzz_signature_language.cpp
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datapath/base/diagnostic.h"
#include "signatures/language/ast.h"

namespace bulkhead::signatures {

inline constexpr unsigned kMaxListDepth = 64;

// A file a rule at a time, in any order: the trees of a large file take as much memory as what is made of them.
class RuleReader {
 public:
  RuleReader(SourceFilePtr file, Diagnostics& out);

  [[nodiscard]] const SourceLinesPtr& lines() const { return lines_; }
  // The rule in lines()->lines()[i], also one that is commented out; none: a comment, or an error.
  [[nodiscard]] std::optional<Rule> read(std::size_t i);
  [[nodiscard]] std::size_t rejected() const { return rejected_; }  // so far, as RuleFile::rejected

 private:
  Diagnostics& out_;
  SourceLinesPtr lines_;
  std::size_t rejected_ = 0;
};

[[nodiscard]] RuleFile parse_rules(SourceFilePtr file, Diagnostics& out);
[[nodiscard]] RuleFile parse_rules(std::string name, std::string text, Diagnostics& out);

// The value of an address or port variable: `[10.0.0.0/8,!$DMZ]`. `text` must be a part of `lines`.
[[nodiscard]] std::optional<AddressNode> parse_addresses(const SourceLines& lines, std::string_view text,
                                                         Diagnostics& out);
[[nodiscard]] std::optional<PortNode> parse_ports(const SourceLines& lines, std::string_view text, Diagnostics& out);

}  // namespace bulkhead::signatures
