#include "signatures/behaviour/letters.h"

#include <array>
#include <cctype>
#include <cstddef>

namespace bulkhead::behaviour {

namespace {

constexpr std::string_view kCommon =
    "thheinerananreonatndstesenofteedorticehitisarlaserasetmeleveromarilanomanodeneioicelowastaliecouseholiceritntha"
    "cacoprprtourolimoepeadgesssutrhouspomaporayleetblpllashipieowshmmwewainstdipaplbefofichvicrbaebuuraguecleivedkewo"
    "gogrggllffttssppccooeesysebrboabyomobidatatadbsqnethtcadmappapiopushobhoputerversyntesucktspicprapfotowaygramnews"
    "cktopbodyshwedmylifamanuelodeepirongsoccuckersizeonlinkerlookpuzdogdaysuntrainotelwebidgetasketflixyte";

constexpr std::size_t place(char a, char b) {
  return std::size_t{26} * static_cast<std::size_t>(a - 'a') + static_cast<std::size_t>(b - 'a');
}

// 26 x 26 bits.
constexpr auto kPairs = [] {
  std::array<bool, 26 * 26> out{};
  for (std::size_t i = 0; i + 1 < kCommon.size(); ++i) {
    out[place(kCommon[i], kCommon[i + 1])] = true;
  }
  return out;
}();

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

}  // namespace

double common_pairs(std::string_view label) {
  std::size_t pairs = 0, common = 0;
  for (std::size_t i = 0; i + 1 < label.size(); ++i) {
    const char a = lower(label[i]), b = lower(label[i + 1]);
    if (a == '-' || b == '-') continue;
    ++pairs;
    if (is_letter(a) && is_letter(b) && kPairs[place(a, b)]) ++common;
  }
  return pairs == 0 ? 1 : static_cast<double>(common) / static_cast<double>(pairs);
}

bool looks_generated(std::string_view label) {
  return label.size() >= 8 && common_pairs(label) < 0.5;
}

}  // namespace bulkhead::behaviour
