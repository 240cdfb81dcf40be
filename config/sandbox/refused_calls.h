// Counts what filters of calls refuse with CallAction::kTell: the kernel sends SIGSYS, the handler notes the call and
// lets it fail with EPERM.
//
// Thread   watch once, before threads start; the handler runs on the refused thread; the rest on any.
// Tests    tests/unit/config/sandbox/sandbox_test.cpp
#pragma once

#include <cstdint>

#include "datapath/base/result.h"

namespace bulkhead::config::sandbox {

[[nodiscard]] Status watch_refused_calls();
[[nodiscard]] std::uint64_t refused_calls();
[[nodiscard]] std::uint32_t last_refused_call();  // its number; meaningless before the first

}  // namespace bulkhead::config::sandbox
