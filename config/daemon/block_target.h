// What `bulkhead blocks add` and `del` name: an address, two addresses, or the two ends of a flow.
//
//   10.0.0.7                                   source
//   10.0.0.7 10.0.0.3                          pair
//   10.0.0.7:40000 10.0.0.3:80 --protocol tcp  flow
//   [fd00::7]:40000 [fd00::3]:80               flow, tcp unless said
//
// Tests    tests/unit/config/daemon/block_target_test.cpp
#pragma once

#include <string>

#include "datapath/base/result.h"
#include "rules/block/block_list.h"

namespace bulkhead::config {

// Kind and tuple of the block; an Error with operation "read" names the part that is wrong.
[[nodiscard]] Result<rules::Block> block_target(const std::string& first, const std::string& second,
                                                const std::string& protocol);

}  // namespace bulkhead::config
