// One keyword of the rule language: one file in this folder and one word in CMakeLists.txt.
//
// A keyword file gives its head (name, syntax, help, example) and apply(), which reads the option's
// value and adds to the Signature under construction, or adds diagnostics with the exact span.
//
// Thread   control thread.
// Errors   diagnostics only; apply() never throws and leaves the builder usable for the next option.
// Tests    tests/unit/signatures/keywords/; the example of each head is loaded by a test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "signatures/language/ast.h"

namespace bulkhead::signatures {

class RuleBuilder;  // rule_builder.h

struct Keyword {
  std::string_view name;
  std::string_view alias = {};  // another spelling, or empty
  enum class Value : std::uint8_t { kNone, kOptional, kRequired };
  Value value = Value::kRequired;
  enum class Quotes : std::uint8_t { kRefused, kOptional, kRequired };
  Quotes quotes = Quotes::kRefused;
  bool may_negate = false;  // !"..." or !value
  // What `prefilter` behind this keyword means: it is no condition, a condition that cannot, one that can.
  enum class Prefilter : std::uint8_t { kNoCondition, kUnable, kAble };
  Prefilter prefilter = Prefilter::kUnable;
  std::string_view syntax = {};   // one line
  std::string_view help = {};     // one sentence
  std::string_view example = {};  // options of a rule that loads: "dsize:>100;"
  void (*apply)(RuleBuilder& builder, const Option& option) = nullptr;
};

// All keywords built in, sorted by name.
[[nodiscard]] std::span<const Keyword* const> all_keywords();
// By name or alias, case ignored.
[[nodiscard]] const Keyword* find_keyword(std::string_view name);

}  // namespace bulkhead::signatures
