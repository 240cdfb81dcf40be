// Resolved rules in, SignatureDb out: order, fast patterns, regular expressions, groups, databases.
//
// Thread   control thread; the cache is read on as many threads as there are cores.
// Errors   a regular expression that PCRE2 refuses: a diagnostic at its span, the rule is left out.
//          Hyperscan failing to compile literals or out of memory: Result error.
// Reload   rules that are compiled already, taken over from another database, are left as they are.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <functional>
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
  unsigned threads = 0;         // that read the cache; 0: one per core
  bool keep_source = false;     // signatures keep the file that they come from, for those who show its lines
  std::string context;          // ResolveSettings::context
  // Called when no rule's text is needed any more: making databases takes memory. Null: nobody waits for it.
  std::function<void()> before_databases;
};

[[nodiscard]] Result<SignatureDbPtr> compile_signatures(SignatureList signatures, VariableNames names,
                                                        const CompilerSettings& settings, Diagnostics& diagnostics);

}  // namespace bulkhead::signatures
