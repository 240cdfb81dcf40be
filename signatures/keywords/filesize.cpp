// filesize: the size of a file that a transaction carries, in bytes.
//
//   filesize:[<|>|<=|>=]N   filesize:LOW<>HIGH
//   filesize:>1000;
//
// More than N can be said as soon as so much has come; everything else when the file has ended.
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, UINT64_MAX);
  if (!test) {
    builder.error(option.value, "signature.filesize.syntax", "expected a size such as >1000 or 10<>20");
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
