#include "datapath/app/text.h"

#include <cstdint>
#include <cstring>

namespace bulkhead::app {

namespace {

// Eight letters at a time.
std::uint64_t lower_eight(const char* text) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof(word));
  const std::uint64_t low = word & 0x7f * kEach;
  const std::uint64_t from_a = low + (0x80 - 'A') * kEach, behind_z = low + (0x80 - 'Z' - 1) * kEach;
  const std::uint64_t upper = (from_a ^ behind_z) & ~word & 0x80 * kEach;  // the top bit of each that is one
  return word | upper >> 2;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  std::size_t at = 0;
  for (; at + 8 <= a.size(); at += 8) {
    if (lower_eight(a.data() + at) != lower_eight(b.data() + at)) return false;
  }
  for (; at < a.size(); ++at) {
    if (to_lower(a[at]) != to_lower(b[at])) return false;
  }
  return true;
}

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && same_word(text.substr(0, word.size()), word);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace bulkhead::app
