// Conditions of a rule as plain sentences: `ttl:<3` is "the time to live is below 3".
//
// In       the option as the rule has it, "NAME" or "NAME:VALUE"; it has loaded, so its value is right.
// Out      a clause that fits behind "and"; empty: the keyword has no words here.
// Thread   control thread.
// Errors   none: a value that is not understood is quoted as it stands.
// Tests    tests/unit/signatures/compile/explain_rule_test.cpp
#pragma once

#include <string>
#include <string_view>

namespace bulkhead::signatures {

[[nodiscard]] std::string explain_condition(std::string_view option);
// "is below 3", "is between 5 and 9", "is not 7".
[[nodiscard]] std::string number_words(std::string_view value, std::string_view unit = {});

}  // namespace bulkhead::signatures
