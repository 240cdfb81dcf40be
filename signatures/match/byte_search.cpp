#include "signatures/match/byte_search.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bulkhead::signatures {
namespace {

constexpr std::array<Byte, 256> kLower = [] {
  std::array<Byte, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = static_cast<Byte>(i >= 'A' && i <= 'Z' ? i + 32 : i);
  return table;
}();

const Byte* next(const Byte* from, const Byte* end, int c) {
  return from < end ? static_cast<const Byte*>(std::memchr(from, c, static_cast<std::size_t>(end - from))) : nullptr;
}

}  // namespace

std::size_t find_exact(ByteSpan text, std::string_view pattern) {
  if (text.size() < pattern.size()) return kNotFound;
  if (pattern.empty()) return 0;
  const void* at = memmem(text.data(), text.size(), pattern.data(), pattern.size());
  return at == nullptr ? kNotFound : static_cast<std::size_t>(static_cast<const Byte*>(at) - text.data());
}

bool equal_at(const Byte* text, std::string_view pattern, bool nocase) {
  if (!nocase) return std::memcmp(text, pattern.data(), pattern.size()) == 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (kLower[text[i]] != static_cast<Byte>(pattern[i])) return false;
  }
  return true;
}

std::size_t find_nocase(ByteSpan text, std::string_view pattern, std::size_t anchor) {
  if (text.size() < pattern.size()) return kNotFound;
  if (pattern.empty()) return 0;
  // memchr for both cases of the anchor; each is searched again only when its last hit has been used up.
  const Byte lower = static_cast<Byte>(pattern[anchor]);
  const Byte upper = static_cast<Byte>(lower >= 'a' && lower <= 'z' ? lower - 32 : lower);
  const Byte* const begin = text.data() + anchor;
  const Byte* const end = begin + (text.size() - pattern.size() + 1);
  const Byte* at_lower = next(begin, end, lower);
  const Byte* at_upper = upper == lower ? nullptr : next(begin, end, upper);
  while (at_lower != nullptr || at_upper != nullptr) {
    const bool take_lower = at_upper == nullptr || (at_lower != nullptr && at_lower < at_upper);
    const Byte* at = take_lower ? at_lower : at_upper;
    if (equal_at(at - anchor, pattern, true)) return static_cast<std::size_t>(at - begin);
    (take_lower ? at_lower : at_upper) = next(at + 1, end, take_lower ? lower : upper);
  }
  return kNotFound;
}

}  // namespace bulkhead::signatures
