// What the matcher keeps with a transaction: which buffers were scanned, which rules wait for more, which are decided.
//
// Thread   the worker owning the flow.
// Limits   one entry per rule that became a candidate.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/app/transaction.h"
#include "signatures/compile/signature_db.h"

namespace bulkhead::signatures {

struct TransactionRule {
  std::uint32_t rule = 0;
  std::uint32_t done = 0;  // bit per part that has matched
  bool decided = false;    // has fired, or never can
};

struct TransactionState final : app::TransactionExtension {
  const SignatureDb* db = nullptr;  // another generation: begin anew
  struct Side {
    bool begun = false;
    bool always_asked = false;          // rules without a pattern have become candidates
    std::uint32_t version = 0;          // of the transaction, when it was last looked at
    std::vector<std::uint64_t> looked;  // by buffer group: bytes or entries scanned; kWhole: nothing more will come
    std::vector<TransactionRule> rules;
  };
  static constexpr std::uint64_t kWhole = UINT64_MAX;
  std::array<Side, 2> sides;  // by Direction
};

}  // namespace bulkhead::signatures
