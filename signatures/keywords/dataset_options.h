// What dataset and datarep share: the options behind the name of the set.
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/dataset_keywords_test.cpp
#pragma once

#include <span>

#include "signatures/data/dataset_registry.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// The set that `name` and the options (type, load, save, state, memcap, hashsize) speak of; null after an error.
[[nodiscard]] DatasetPtr open_dataset(RuleBuilder& builder, const Option& option, std::string_view name,
                                      std::span<const std::string_view> options, bool with_reputation);

}  // namespace bulkhead::signatures
