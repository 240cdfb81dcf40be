// Points in time as people write them.
//
// In       RFC 3339: 2026-01-01T12:00:00Z, 2026-01-01T14:00:00+02:00; a fraction of a second is dropped.
// Errors   nullopt for anything else, also for days that do not exist.
// Thread   pure function.
// Tests    tests/unit/datapath/base/rfc3339_test.cpp
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace bulkhead {

[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text);

}  // namespace bulkhead
