// The syntax tree of a rule file, as written: no variable is resolved, no keyword known.
//
//   alert tcp $HOME_NET any -> [10.0.0.0/8,!10.1.0.0/16] 80:90 (msg:"x"; content:!"a|0d|"; sid:1;)
//   action    source    ports dir  destination          ports    options
//   protocol
//
// Thread   control thread only; plain values.
// Lifetime every string_view points into the RuleFile's lines: keep the RuleFile while using its rules.
// Spans    RuleFile::span(view) answers file, line and column of any view in the tree, or of a part of one.
// Equality compares what was written, blanks and positions apart.
// Tests    tests/unit/signatures/language/parser_test.cpp
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

// One address, or a list of them. `negated` turns the whole node, list or item, around.
struct AddressNode {
  enum class Kind : std::uint8_t {
    kAny,       // any
    kVariable,  // $HOME_NET; name() without the dollar
    kRange,     // 10.0.0.1, 10.0.0.0/8, 10.0.0.0/255.0.0.0, 10.0.0.1-10.0.0.9: first and last address in `range`
    kList,      // [a,b] or a,b
  };
  Kind kind = Kind::kAny;
  bool negated = false;
  std::string_view text;  // without '!'
  IpRange range;
  std::vector<AddressNode> items;

  [[nodiscard]] std::string_view name() const { return text.substr(1); }
  [[nodiscard]] bool operator==(const AddressNode& other) const;
};

struct PortNode {
  enum class Kind : std::uint8_t { kAny, kVariable, kRange, kList };
  Kind kind = Kind::kAny;
  bool negated = false;
  std::string_view text;  // without '!'
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  std::vector<PortNode> items;

  [[nodiscard]] std::string_view name() const { return text.substr(1); }
  [[nodiscard]] bool operator==(const PortNode& other) const;
};

enum class RuleDirection : std::uint8_t { kToDestination, kBoth };  // "->", "<>"

// One option, `name` or `name:value`. The forms of value that many keywords share are taken apart:
//   content: ! "a\"b"   has_value, value `! "a\"b"`, negated, quoted, argument `a\"b` (escapes kept)
//   dsize:>5            has_value, value `>5`, argument `>5`
struct Option {
  std::string_view text;      // the whole option without ';' and outer blanks
  std::string_view name;      // as written; names ignore case
  std::string_view value;     // after ':' without outer blanks
  std::string_view argument;  // value without '!', blanks after it and outer quotes
  bool has_value = false;     // there is a ':'
  bool negated = false;
  bool quoted = false;

  [[nodiscard]] bool operator==(const Option& other) const {
    return name == other.name && value == other.value && has_value == other.has_value;
  }
};

struct Rule {
  std::string_view text;      // from the action to the closing parenthesis
  std::string_view action;    // as written; one of kActionNames, case ignored
  std::string_view protocol;  // as written
  AddressNode source;
  PortNode source_ports;
  RuleDirection direction = RuleDirection::kToDestination;
  std::string_view direction_text;
  AddressNode destination;
  PortNode destination_ports;
  std::vector<Option> options;
  bool enabled = true;  // false: commented out with '#'

  [[nodiscard]] bool operator==(const Rule& other) const;
};

inline constexpr std::string_view kActionNames[] = {"alert",     "pass",      "drop",       "reject",
                                                    "rejectsrc", "rejectdst", "rejectboth", "config"};

struct RuleFile {
  SourceLinesPtr lines;
  std::vector<Rule> rules;   // in file order; rules with errors are left out
  std::size_t rejected = 0;  // rules left out for errors, each with at least one diagnostic

  [[nodiscard]] SourceSpan span(std::string_view part) const { return lines->span(part); }
};

}  // namespace bulkhead::signatures
