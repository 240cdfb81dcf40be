// What depth, offset, distance, within and startswith may not be combined with.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/content_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

inline constexpr std::int64_t kMaxRelative = 1048576;

// Position from the start of the payload: depth, offset, startswith. `given` is the modifier's own flag.
[[nodiscard]] bool may_be_absolute(RuleBuilder& builder, const ContentOp& content, const Option& option, bool given);
// Position from the match before: distance, within.
[[nodiscard]] bool may_be_relative(RuleBuilder& builder, const ContentOp& content, const Option& option, bool given);

}  // namespace bulkhead::signatures
