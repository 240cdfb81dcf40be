#include "signatures/keywords/number_test.h"

#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

using Mode = NumberTest::Mode;

std::optional<NumberTest> parse_between(std::string_view low, std::string_view high, std::uint64_t max) {
  const auto first = parse_number<std::uint64_t>(trim_blanks(low));
  const auto last = parse_number<std::uint64_t>(trim_blanks(high));
  if (!first || !last || *last > max || *first >= *last || *last - *first < 2) return std::nullopt;
  return NumberTest{Mode::kBetween, *first, *last};
}

// "5kb" is 5,120: only in a test for equality, as there.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::string unit = text.size() > 2 ? to_lower(text.substr(text.size() - 2)) : std::string();
  const unsigned shift = unit == "kb" ? 10 : unit == "mb" ? 20 : unit == "gb" ? 30 : 0;
  if (shift != 0) text.remove_suffix(2);
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number > (UINT64_MAX >> shift)) return std::nullopt;
  return *number << shift;
}

struct Prefix {
  std::string_view text;
  Mode mode;
};
constexpr Prefix kPrefixes[] = {{"<=", Mode::kLessEqual}, {">=", Mode::kGreaterEqual}, {"!=", Mode::kNotEqual},
                                {"<", Mode::kLess},       {">", Mode::kGreater},       {"!", Mode::kNotEqual},
                                {"=", Mode::kEqual},      {"", Mode::kEqual}};

bool can_differ(const NumberTest& test, std::uint64_t max) {
  if (test.mode == Mode::kLess) return test.low > 0;
  if (test.mode == Mode::kGreater) return test.low < max;
  return true;
}

}  // namespace

std::optional<NumberTest> parse_number_test(std::string_view text, std::uint64_t max) {
  text = trim_blanks(text);
  if (const auto at = text.find("<>"); at != text.npos)
    return parse_between(text.substr(0, at), text.substr(at + 2), max);
  if (const auto at = text.find('-'); at != text.npos)
    return parse_between(text.substr(0, at), text.substr(at + 1), max);
  for (const Prefix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.text)) continue;
    const std::string_view digits = trim_blanks(text.substr(prefix.text.size()));
    const auto number = prefix.mode == Mode::kEqual ? parse_size(digits) : parse_number<std::uint64_t>(digits);
    if (!number || *number > max) return std::nullopt;
    const NumberTest test{prefix.mode, *number, 0};
    return can_differ(test, max) ? std::optional(test) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace bulkhead::signatures
