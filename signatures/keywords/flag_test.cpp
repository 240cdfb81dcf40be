#include "signatures/keywords/flag_test.h"

#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

namespace {

std::optional<FlagTest::Mode> mode_of(char sign) {
  switch (sign) {
    case '+': return FlagTest::Mode::kAll;
    case '*': return FlagTest::Mode::kAny;
    case '!': return FlagTest::Mode::kNotAll;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<FlagTest> parse_flag_test(std::string_view text, FlagLetter letter) {
  FlagTest test;
  text = trim_blanks(text);
  if (text.empty()) return std::nullopt;
  if (const auto mode = mode_of(text.front())) {
    test.mode = *mode;
    text = trim_blanks(text.substr(1));
  } else if (const auto behind = mode_of(text.back())) {
    test.mode = *behind;
    text = trim_blanks(text.substr(0, text.size() - 1));
  }
  if (text.empty()) return std::nullopt;
  if (text == "0") return test;
  for (const char c : text) {
    const std::uint8_t bit = letter(c);
    if (bit == 0) return std::nullopt;
    test.bits |= bit;
  }
  return test;
}

}  // namespace bulkhead::signatures
