// What the checksum keywords share: "valid" or "invalid", and packets whose checksum is so.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/conditions_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// `applies` says whether the packet has such a checksum, `bad` whether it is wrong.
using ChecksumQuestion = bool (*)(const decode::PacketView&);
void apply_checksum(RuleBuilder& builder, const Option& option, ChecksumQuestion applies, ChecksumQuestion bad);

}  // namespace bulkhead::signatures
