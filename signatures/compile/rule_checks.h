// What can only be said of a rule when all its options are known: required options, contradictions, and how
// payload is to be looked at.
//
// Thread   control thread only.
// Errors   signature.sid.missing, signature.flow.stream_and_packet, signature.dsize.impossible
// Tests    tests/unit/signatures/compile/resolve_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// `excludes_addresses`: a '!' had a part in the addresses of the header.
void check_rule(RuleBuilder& builder, bool excludes_addresses);

}  // namespace bulkhead::signatures
