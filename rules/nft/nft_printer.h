// A ruleset as text, in the form in which nft prints it: for `dump`, for findings and for tests.
//
// Thread   pure functions. Limits  at most `elements` elements of a set are printed.
// Tests    tests/unit/rules/nft/nft_printer_test.cpp
#pragma once

#include <string>

#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

[[nodiscard]] std::string print_rule(const NftRule& rule);
[[nodiscard]] std::string print_element(const NftSet& set, const NftElement& element);
[[nodiscard]] std::string print_set(const NftSet& set, std::size_t elements = 64);
[[nodiscard]] std::string print_ruleset(const NftRuleset& ruleset, std::size_t elements = 64);
[[nodiscard]] std::string print_verdict(const NftVerdict& verdict);

}  // namespace bulkhead::rules
