// strip_pseudo_headers: lines that begin with a colon, as HTTP/2 has them, are taken out.
//
//   tcp.hdr; strip_pseudo_headers; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kStripPseudoHeaders});
}

}  // namespace

const Keyword& keyword_strip_pseudo_headers() {
  static constexpr Keyword keyword{.name = "strip_pseudo_headers",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "strip_pseudo_headers;",
                                   .help = "Lines that begin with a colon, as HTTP/2 has them, are taken out.",
                                   .example = "tcp.hdr; strip_pseudo_headers; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
