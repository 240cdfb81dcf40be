// What to do about a weakness, from what its entry says: no model, a table of kinds of weakness.
//
// Thread   pure. Source   CWE 4.15 (names and what follows from them). Tests
// tests/unit/signatures/patches/advice_test.cpp
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signatures/patches/vulnerability.h"

namespace bulkhead::patches {

// A kind of weakness: what an attacker gains, what helps on the network until the update.
struct Weakness {
  std::string_view id, name, gains, until;
};
// Null: no entry of this table.
[[nodiscard]] const Weakness* find_weakness(std::string_view cwe);

// A few sentences: what it is, the update, the urgency, what helps until then. `rules`: sids that watch for it;
// `dropping`: the workload is protected against it.
[[nodiscard]] std::vector<std::string> advice(const Vulnerability& of, const KnownExploited* known,
                                              const std::vector<std::uint32_t>& rules, bool dropping);

}  // namespace bulkhead::patches
