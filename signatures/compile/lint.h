// What is allowed in a rule and still a mistake more often than not.
//
//   lint.no_pattern      no content can select the rule: it is looked at for every packet of its header
//   lint.short_pattern   the only pattern has one or two bytes and the rule names no server port
//   lint.contradictory   two of its conditions cannot hold together
//   lint.unreachable     packets of its protocol, or its addresses, can never fulfil it
//   lint.shadowed        an earlier pass rule takes all it could match, or another rule says the same
//   lint.too_broad       it asks for nothing, or next to nothing
//
// Thread   control thread.
// In       resolved rules after choose_fast_pattern(), in the order of inspection.
// Errors   findings are warnings at the rule.
// Tests    tests/unit/signatures/compile/lint_test.cpp, `bulkhead lint`
#pragma once

#include "datapath/base/diagnostic.h"
#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

void lint_rules(const SignatureList& signatures, Diagnostics& out);

}  // namespace bulkhead::signatures
