// The generated list of keyword files (CMakeLists.txt: bulkhead_keywords), in any order.
#pragma once

#include <vector>

#include "signatures/keywords/keyword.h"

namespace bulkhead::signatures {

[[nodiscard]] std::vector<const Keyword*> keyword_entries();

}  // namespace bulkhead::signatures
