// filesize: the size of a file that a transaction carries, in bytes.
//
//   filesize:[<|>|<=|>=]N   filesize:LOW<>HIGH       a single N may end with KB, MB or GB
//   filesize:>1000;
//
// Judged when the file has ended; of one that is not whole, only that it is larger than N.
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/number_test.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, UINT64_MAX);
  if (!test) {
    builder.error(option.value, "signature.filesize.syntax", "expected a size such as >1000, 10<>20 or 5MB");
    return;
  }
  add_file_condition(builder, option, [test = *test](const app::File& f) {
    if (!f.ended()) return FileAnswer::kNotYet;
    const bool at_least = test.mode == NumberTest::Mode::kGreater || test.mode == NumberTest::Mode::kGreaterEqual;
    return file_answer((f.state == app::FileState::kClosed || at_least) && test.holds(f.size));
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
