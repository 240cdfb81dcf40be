// url_decode: %41 becomes A and + a space; what is no escape stays.
//
//   tcp.hdr; url_decode; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kUrlDecode});
}

}  // namespace

const Keyword& keyword_url_decode() {
  static constexpr Keyword keyword{.name = "url_decode",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "url_decode;",
                                   .help = "%41 becomes A and + a space; what is no escape stays.",
                                   .example = "tcp.hdr; url_decode; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
