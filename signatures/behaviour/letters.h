// Does a label of a name look made by a machine? By its pairs of letters: words of people share few hundred.
//
// Thread   pure. Source  frequencies of pairs of letters in English text, which names of hosts and brands follow.
// Tests    tests/unit/signatures/behaviour/letters_test.cpp
#pragma once

#include <string_view>

namespace bulkhead::behaviour {

// Share of its pairs of letters that are common ones, 0..1; digits make none.
[[nodiscard]] double common_pairs(std::string_view label);
// At least eight characters, few common pairs or many digits between letters.
[[nodiscard]] bool looks_generated(std::string_view label);

}  // namespace bulkhead::behaviour
