// within: the content before it ends at most so many bytes behind the end of the match before.
//
//   within:N    N from the length of the content to 1048576, or a byte_extract variable
//   content:"USER"; content:"root"; distance:1; within:4;
#include "signatures/keywords/content_modifier.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_relative(builder, *content, option, content->has_within)) return;
  const auto value = builder.value(option.argument, -kMaxRelative, kMaxRelative, "signature.within");
  if (!value) return;
  if (value->slot < 0 && value->number < static_cast<std::int64_t>(content->bytes.size())) {
    builder.error(option.argument, "signature.within.too_small",
                  "within " + std::to_string(value->number) + " is less than the " +
                      std::to_string(content->bytes.size()) + " bytes of the content, so it can never match");
    return;
  }
  content->has_within = true;
  content->relative = true;
  content->within = *value;
}

}  // namespace

const Keyword& keyword_within() {
  static constexpr Keyword keyword{.name = "within",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "within:N;",
                                   .help = "The content before it ends within N bytes of the match before it.",
                                   .example = "content:\"USER\"; content:\"root\"; distance:1; within:4;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
