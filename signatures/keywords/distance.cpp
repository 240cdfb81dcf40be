// distance: the content before it begins at least so many bytes behind the end of the match before (negative: it may
// overlap).
//
//   distance:N  N from -1048576 to 1048576, or a byte_extract variable
//   content:"USER"; content:"|20|"; distance:0;
#include "signatures/keywords/content_modifier.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_relative(builder, *content, option, content->has_distance)) return;
  const auto value = builder.value(option.argument, -kMaxRelative, kMaxRelative, "signature.distance");
  if (!value) return;
  content->has_distance = true;
  content->relative = true;
  content->distance = *value;
}

}  // namespace

const Keyword& keyword_distance() {
  static constexpr Keyword keyword{.name = "distance",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "distance:N;",
                                   .help = "The content before it begins N bytes behind the match before it, or later.",
                                   .example = "content:\"USER\"; content:\"|20|\"; distance:0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
