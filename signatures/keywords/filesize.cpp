// filesize: the size of a file that a transaction carries, in bytes.
//
//   filesize:[<|>|<=|>=]N   filesize:LOW<>HIGH       N may end with KB, MB or GB
//   filesize:>1000;
//
// More than N can be said as soon as so much has come; everything else when the file has ended.
#include <string>

#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

// "5MB" becomes "5242880", wherever it stands.
std::string without_units(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    const std::string_view digits = text.substr(begin, i - begin);
    if (digits.empty()) {
      out += text[i++];
      continue;
    }
    const std::string unit = to_lower(text.substr(i, 2));
    const unsigned shift = unit == "kb" ? 10 : unit == "mb" ? 20 : unit == "gb" ? 30 : 0;
    const auto number = parse_number<std::uint64_t>(digits);
    if (shift == 0 || !number || *number > (UINT64_MAX >> shift)) {
      out += digits;
      continue;
    }
    out += std::to_string(*number << shift);
    i += 2;
  }
  return out;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(without_units(option.value), UINT64_MAX);
  if (!test) {
    builder.error(option.value, "signature.filesize.syntax", "expected a size such as >1000, 10<>20 or >5MB");
    return;
  }
  add_file_condition(builder, option, [test = *test](const app::File& f) {
    const bool growing = test.mode == NumberTest::Mode::kGreater || test.mode == NumberTest::Mode::kGreaterEqual;
    const bool holds = test.holds(f.size);
    if (f.state == app::FileState::kClosed || (growing && holds)) return file_answer(holds);
    return f.ended() ? FileAnswer::kNo : FileAnswer::kNotYet;
  });
}

}  // namespace

const Keyword& keyword_filesize() {
  static constexpr Keyword keyword{.name = "filesize",
                                   .quotes = Keyword::Quotes::kRefused,
                                   .syntax = "filesize:[<|>|<=|>=]N;",
                                   .help = "The size of a file in bytes.",
                                   .example = "filesize:>1000;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
