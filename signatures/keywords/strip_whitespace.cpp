// strip_whitespace: spaces, tabs and line ends are taken out.
//
//   tcp.hdr; strip_whitespace; content:"abc";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kStripWhitespace});
}

}  // namespace

const Keyword& keyword_strip_whitespace() {
  static constexpr Keyword keyword{.name = "strip_whitespace",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "strip_whitespace;",
                                   .help = "Spaces, tabs and line ends are taken out.",
                                   .example = "tcp.hdr; strip_whitespace; content:\"abc\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
