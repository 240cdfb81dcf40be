// urilen: the length of the URI of an HTTP request.
//
//   urilen:[<|>|<=|>=]N[,norm|raw]   urilen:LOW<>HIGH[,norm|raw]
//   urilen:>1024,raw;
#include "signatures/keywords/buffer_keywords.h"
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

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void apply(RuleBuilder& builder, const Option& option) {
  const std::size_t comma = option.value.find(',');
  const std::string_view size = trimmed(option.value.substr(0, comma));
  const std::string_view which = comma == std::string_view::npos ? "norm" : trimmed(option.value.substr(comma + 1));
  const auto test = parse_number_test(size, UINT32_MAX);
  if (!test || (which != "norm" && which != "raw")) {
    builder.error(option.value, "signature.urilen.syntax", "expected a length such as >100 and maybe ,norm or ,raw");
    return;
  }
  builder.mark_beyond_addresses(option);
  builder.add_to_buffer(buffer_id(app::find_buffer(which == "raw" ? "http.uri.raw" : "http.uri")->number),
                        BufferSizeOp{mode_of(test->mode), test->low, test->high, builder.span(option.text)});
}

}  // namespace

const Keyword& keyword_urilen() {
  static constexpr Keyword keyword{.name = "urilen",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .syntax = "urilen:[<|>|<=|>=]N[,norm|raw];",
                                   .help = "The length of the URI of a request.",
                                   .example = "urilen:>100;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
