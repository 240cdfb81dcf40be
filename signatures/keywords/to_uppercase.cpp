// to_uppercase: aSCII letters become upper case.
//
//   tcp.hdr; to_uppercase; content:"ABC";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kToUppercase});
}

}  // namespace

const Keyword& keyword_to_uppercase() {
  static constexpr Keyword keyword{.name = "to_uppercase",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "to_uppercase;",
                                   .help = "ASCII letters become upper case.",
                                   .example = "tcp.hdr; to_uppercase; content:\"ABC\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
