// What xbits and hostbits share: a command word and where the operation goes.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/state_keywords_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

[[nodiscard]] std::optional<HostbitOp::Command> host_bit_command(std::string_view word);
void add_host_bit(RuleBuilder& builder, const HostbitOp& op);

}  // namespace bulkhead::signatures
