// to_lowercase: aSCII letters become lower case.
//
//   tcp.hdr; to_lowercase; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kToLowercase});
}

}  // namespace

const Keyword& keyword_to_lowercase() {
  static constexpr Keyword keyword{.name = "to_lowercase",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "to_lowercase;",
                                   .help = "ASCII letters become lower case.",
                                   .example = "tcp.hdr; to_lowercase; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
