// The order in which rules are inspected and reported: by action, then rules that set a flowbit before
// those that test one, likewise flowints, captured variables, host bits and pair bits, then priority, then
// position in the files.
//
// Thread   control thread.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <array>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

using ActionOrder = std::array<pipeline::RuleAction, 4>;
inline constexpr ActionOrder kDefaultActionOrder = {pipeline::RuleAction::kPass, pipeline::RuleAction::kDrop,
                                                    pipeline::RuleAction::kReject, pipeline::RuleAction::kAlert};

void sort_signatures(SignatureList& signatures, const ActionOrder& order);

}  // namespace bulkhead::signatures
