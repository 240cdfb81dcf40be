// Bytes as content writes them: text, hexadecimal between bars, escapes.
//
// Thread   control thread only.
// Errors   signature.content.*, at the byte that is wrong.
// Tests    tests/unit/signatures/keywords/content_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// At least one byte; nullopt after an error.
[[nodiscard]] std::optional<std::string> decode_pattern(RuleBuilder& builder, std::string_view text);

}  // namespace bulkhead::signatures
