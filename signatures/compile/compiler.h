// Resolved rules in, SignatureDb out: order, fast patterns, regular expressions, groups, databases.
//
// Thread   control thread; Hyperscan compiles on as many threads as there are cores.
// Errors   a regular expression that PCRE2 refuses: a diagnostic at its span, the rule is left out.
//          Hyperscan failing to compile literals or out of memory: Result error.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <string>

#include "datapath/base/diagnostic.h"
#include "datapath/base/result.h"
#include "signatures/compile/order.h"
#include "signatures/compile/signature_db.h"

namespace bulkhead::signatures {

struct CompilerSettings {
  ActionOrder action_order = kDefaultActionOrder;
  std::size_t max_groups = 24;  // per protocol and direction
  std::string cache_directory;  // empty: no cache
  unsigned threads = 0;         // 0: one per core
};

[[nodiscard]] Result<SignatureDbPtr> compile_signatures(SignatureList signatures, VariableNames names,
                                                        const CompilerSettings& settings, Diagnostics& diagnostics);

}  // namespace bulkhead::signatures
