// bsize: the size of a sticky buffer in bytes.
//
//   bsize:[<|>|<=|>=|!]N   bsize:LOW<>HIGH (both ends excluded)
//   bsize:10;
//
// The payload is no buffer with a size of its own (that is dsize), so a buffer keyword must stand before.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

BufferSizeOp::Mode mode_of(NumberTest::Mode mode) {
  switch (mode) {
    case NumberTest::Mode::kEqual: return BufferSizeOp::Mode::kEqual;
    case NumberTest::Mode::kNotEqual: return BufferSizeOp::Mode::kNotEqual;
    case NumberTest::Mode::kLess: return BufferSizeOp::Mode::kLess;
    case NumberTest::Mode::kGreater: return BufferSizeOp::Mode::kGreater;
    case NumberTest::Mode::kLessEqual: return BufferSizeOp::Mode::kLessEqual;
    case NumberTest::Mode::kGreaterEqual: return BufferSizeOp::Mode::kGreaterEqual;
    case NumberTest::Mode::kBetween: return BufferSizeOp::Mode::kRange;
  }
  return BufferSizeOp::Mode::kEqual;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, UINT64_MAX);
  if (!test) {
    builder.error(option.value, "signature.bsize.syntax", "expected a size such as 10, >10 or 5<>10");
    return;
  }
  if (builder.buffer() == BufferId::kPayload) {
    builder.error(option.text, "signature.bsize.no_buffer", "bsize needs a sticky buffer before it",
                  "the size of a packet's payload is dsize");
    return;
  }
  builder.payload().emplace_back(BufferSizeOp{mode_of(test->mode), test->low, test->high, builder.span(option.text)});
}

}  // namespace

const Keyword& keyword_bsize() {
  static constexpr Keyword keyword{.name = "bsize",
                                   .syntax = "bsize:[<|>|<=|>=|!]N;",
                                   .help = "The size of the sticky buffer before it.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
