// Finding one pattern in payload, with or without regard to case (ASCII only, as rules mean it).
//
// Out      the first place at or after the start of `text`, or npos.
// Thread   pure functions; no allocation.
// Tests    tests/unit/signatures/match/byte_search_test.cpp
#pragma once

#include <cstddef>
#include <string_view>

#include "datapath/base/byte_reader.h"

namespace bulkhead::signatures {

inline constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);

[[nodiscard]] std::size_t find_exact(ByteSpan text, std::string_view pattern);
// `pattern` is in lower case; `anchor` is the position in it of the byte to search for (best a rare one).
[[nodiscard]] std::size_t find_nocase(ByteSpan text, std::string_view pattern, std::size_t anchor);
// Does text begin with the pattern? text.size() >= pattern.size().
[[nodiscard]] bool equal_at(const Byte* text, std::string_view pattern, bool nocase);

}  // namespace bulkhead::signatures
