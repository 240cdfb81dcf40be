// header_lowercase: names of header lines, up to the colon, become lower case.
//
//   tcp.hdr; header_lowercase; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kHeaderLowercase});
}

}  // namespace

const Keyword& keyword_header_lowercase() {
  static constexpr Keyword keyword{.name = "header_lowercase",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "header_lowercase;",
                                   .help = "Names of header lines, up to the colon, become lower case.",
                                   .example = "tcp.hdr; header_lowercase; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
