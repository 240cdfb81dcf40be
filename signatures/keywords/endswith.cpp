// endswith: the content before it stands at the very end of the payload.
//
//   content:"|0d 0a|"; endswith;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (ContentOp* content = builder.content_before(option)) content->ends_with = true;
}

}  // namespace

const Keyword& keyword_endswith() {
  static constexpr Keyword keyword{.name = "endswith",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "endswith;",
                                   .help = "The content before it stands at the end of the payload.",
                                   .example = "content:\"|0d 0a|\"; endswith;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
