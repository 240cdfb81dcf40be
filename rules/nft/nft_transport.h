// The way to the kernel's nf_tables, as an interface so that tests can put a fake in its place.
//
// Thread   one thread at a time.
// Errors   the environment lane: apply() names the object that was refused, errno and the kernel's text;
//          nothing of a refused batch takes effect.
#pragma once

#include "datapath/base/result.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

class NftTransport {
 public:
  virtual ~NftTransport() = default;
  // One transaction.
  [[nodiscard]] virtual Status apply(const NftBatch& batch) = 0;
  // Every table of this name, in every family, whole.
  [[nodiscard]] virtual Result<NftRuleset> dump(const std::string& table) = 0;
  // The elements of one set; an error with ENOENT when there is no such set.
  [[nodiscard]] virtual Result<std::vector<NftElement>> dump_elements(NftFamily family, const std::string& table,
                                                                      const std::string& set) = 0;
};

}  // namespace bulkhead::rules
