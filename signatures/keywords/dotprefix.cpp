// dotprefix: puts a dot in front, so that ".example.com" matches the domain and all below it.
//
//   tcp.hdr; dotprefix; content:".x";
//
// A transform stands behind a sticky buffer and changes what the options after it see. Several act in order.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_transform(option, {.kind = Transform::Kind::kDotPrefix});
}

}  // namespace

const Keyword& keyword_dotprefix() {
  static constexpr Keyword keyword{
      .name = "dotprefix",
      .value = Keyword::Value::kNone,
      .prefilter = Keyword::Prefilter::kNoCondition,
      .syntax = "dotprefix;",
      .help = "Puts a dot in front, so that \".example.com\" matches the domain and all below it.",
      .example = "tcp.hdr; dotprefix; content:\".x\";",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
