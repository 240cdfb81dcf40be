// What the keywords about files share: filename, fileext, filesize, filemd5, filesha1, filesha256.
//
// Thread   control thread; the conditions made are asked by the workers.
// Tests    tests/unit/signatures/keywords/buffer_keywords_test.cpp
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

[[nodiscard]] constexpr FileAnswer file_answer(bool holds) {
  return holds ? FileAnswer::kYes : FileAnswer::kNo;
}

template <typename Holds>
void add_file_condition(RuleBuilder& builder, const Option& option, Holds holds) {
  builder.mark_beyond_addresses(option);
  builder.signature().file_conditions.push_back({std::string(option.text), std::move(holds)});
}

// Raw digests of a list of hexadecimal ones; a file that cannot be read is an error. Looked for as it is named, then
// beside the rule file.
using Digests = std::shared_ptr<const std::set<std::string>>;
[[nodiscard]] Digests read_digests(RuleBuilder& builder, const Option& option, std::size_t digits);
[[nodiscard]] FileAnswer digest_answer(const app::File& file, const std::string& digest,
                                       const std::set<std::string>& wanted, bool negated);

}  // namespace bulkhead::signatures
