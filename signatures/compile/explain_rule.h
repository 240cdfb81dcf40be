// A resolved rule in plain words: what it does, when, and what that costs.
//
// Thread   any; reads immutable structures.
// Out      lines of text, one fact each, without an end of line colour or width.
// Tests    tests/unit/signatures/compile/explain_rule_test.cpp, `bulkhead explain-rule SID`
#pragma once

#include <string>

#include "signatures/compile/signature.h"
#include "signatures/keywords/variable_names.h"

namespace bulkhead::signatures {

[[nodiscard]] std::string explain_rule(const Signature& signature, const VariableNames& names);

// Bytes as a rule writes them: printable ones as they are, the rest between bars.
[[nodiscard]] std::string pattern_text(std::string_view bytes);

}  // namespace bulkhead::signatures
