// One option of a rule to the rule under construction: finds its keyword, checks the form of the value
// (quotes, '!', present or not), applies it.
//
// Thread   control thread only.
// Errors   signature.keyword.{unknown,protocol_buffer,not_built,no_value,value,quotes,no_quotes} and the keyword's own
// Tests    tests/unit/signatures/keywords/
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

void apply_option(RuleBuilder& builder, const Option& option);

}  // namespace bulkhead::signatures
