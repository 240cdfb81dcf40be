// Chooses the content by which Hyperscan finds the candidates of a rule.
//
// Choice   an explicit fast_pattern (only and chop included); else the strongest content that is not negated.
//          Strength is Suricata's: distinct bytes count 3 (letters), 4 (printable, 00, 01, ff) or 6, repeated ones 1.
// Limits   the last kMaxFastPatternBytes of longer contents are used: they end where the content ends, and they
//          keep the stream state of Hyperscan small.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <string_view>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

inline constexpr std::size_t kMaxFastPatternBytes = 32;

[[nodiscard]] unsigned pattern_strength(std::string_view bytes);

// Sets fast_buffer, fast_op and fast_bytes; leaves them at "none" when no content can serve.
void choose_fast_pattern(Signature& signature);

}  // namespace bulkhead::signatures
