// FNV-1a (Fowler, Noll, Vo), 64 bits: the same number for the same bytes in every process and version.
//
// Thread   pure function. Tests  tests/unit/signatures/behaviour/facts_test.cpp,
// tests/unit/rules/nft/nft_renderer_test.cpp
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead {

inline constexpr std::uint64_t kTextHashStart = 0xcbf29ce484222325ULL;

// `so_far`: the hash of what stands before.
[[nodiscard]] constexpr std::uint64_t text_hash(std::string_view text, std::uint64_t so_far = kTextHashStart) {
  for (const char c : text) so_far = (so_far ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return so_far;
}

}  // namespace bulkhead
