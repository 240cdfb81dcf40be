// How flags and fragbits compare a set of bits: the letters alone mean exactly these, '+' these and
// perhaps others, '*' any of these, '!' not all of these.
//
// Thread   immutable value.
// Tests    tests/unit/signatures/keywords/conditions_test.cpp (flags, fragbits)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::signatures {

struct FlagTest {
  enum class Mode : std::uint8_t { kExactly, kAll, kAny, kNotAll };
  Mode mode = Mode::kExactly;
  std::uint8_t bits = 0;
  std::uint8_t ignored = 0;  // bits that do not count

  [[nodiscard]] bool holds(std::uint8_t value) const {
    if (bits == 0) return mode == Mode::kNotAll ? value != 0 : value == 0;
    const auto looked_at = static_cast<std::uint8_t>(value & ~ignored);
    switch (mode) {
      case Mode::kExactly: return looked_at == bits;
      case Mode::kAll: return (looked_at & bits) == bits;
      case Mode::kAny: return (looked_at & bits) != 0;
      case Mode::kNotAll: return (looked_at & bits) != bits;
    }
    return false;
  }
};

// The bit of a letter; 0 when it has none.
using FlagLetter = std::uint8_t (*)(char);

// Letters with one sign '+', '*' or '!' before or behind them; "0" alone is no bit. Nullopt for
// anything else.
[[nodiscard]] std::optional<FlagTest> parse_flag_test(std::string_view text, FlagLetter letter);

}  // namespace bulkhead::signatures
