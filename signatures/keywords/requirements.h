// What `requires` asks of the engine, looked at before anything else of the rule: a rule for a newer engine may have
// keywords that nobody knows here.
//
// Thread   control thread only.
// Errors   signature.requires.syntax; a rule whose requirements are not met is left out with the warning
//          signature.requires.unmet.
// Tests    tests/unit/signatures/keywords/requirements_test.cpp
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "datapath/base/diagnostic.h"
#include "signatures/language/ast.h"

namespace bulkhead::signatures {

// The version of the rule language that this engine speaks.
inline constexpr std::array<unsigned, 3> kLanguageVersion = {7, 0, 10};

// Nullopt: the text has no meaning. Unknown words are requirements that are not met.
[[nodiscard]] std::optional<bool> evaluate_requirements(std::string_view text);
// False only when the rule is to be left out; what is wrong with the text is reported by the keyword.
[[nodiscard]] bool requirements_met(const RuleFile& file, const Rule& rule, Diagnostics& out);

}  // namespace bulkhead::signatures
