// A comparison of a number with what a rule wrote: 5  !5  <5  >5  <=5  >=5  3<>9  3-9.
//
// Range    both ends are excluded, with <> and with -, as in Suricata 7: ttl:3-5 is ttl 4.
// Thread   immutable value.
// Errors   parse_number_test() answers nullopt for what can never or always hold (<0, >max, 5<>6) too.
// Tests    tests/unit/signatures/keywords/number_test_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::signatures {

struct NumberTest {
  enum class Mode : std::uint8_t { kEqual, kNotEqual, kLess, kGreater, kLessEqual, kGreaterEqual, kBetween };
  Mode mode = Mode::kEqual;
  std::uint64_t low = 0;
  std::uint64_t high = 0;  // kBetween only

  [[nodiscard]] bool holds(std::uint64_t value) const {
    switch (mode) {
      case Mode::kEqual: return value == low;
      case Mode::kNotEqual: return value != low;
      case Mode::kLess: return value < low;
      case Mode::kGreater: return value > low;
      case Mode::kLessEqual: return value <= low;
      case Mode::kGreaterEqual: return value >= low;
      case Mode::kBetween: return value > low && value < high;
    }
    return false;
  }
  bool operator==(const NumberTest&) const = default;
};

// Numbers are decimal, from 0 to `max`; blanks may stand round them.
[[nodiscard]] std::optional<NumberTest> parse_number_test(std::string_view text, std::uint64_t max);

}  // namespace bulkhead::signatures
