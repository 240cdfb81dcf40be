// Signatures with how often they were checked and matched, and what that cost, as JSON.
//
// Thread   pure function. In  a database and what signatures::RuleUseBook::read() says of it.
// Units    ns_per_packet: all checks, spread over all packets; ns_per_check: of those that were measured.
// Tests    tests/unit/config/daemon/signature_use_test.cpp
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "signatures/compile/signature_db.h"
#include "signatures/match/rule_use.h"

namespace bulkhead::config {

struct SignatureUseQuery {
  std::string by = "cost";  // cost, matches, checks or sid
  std::uint64_t limit = 50;
  bool never_hit = false;  // those alone that nothing has matched
};

// {"signatures": [...], "signatures_total": N, "packets": N}
[[nodiscard]] nlohmann::json signature_use(const signatures::SignatureDb& db, const signatures::RuleUseReport& use,
                                           const SignatureUseQuery& query);

}  // namespace bulkhead::config
