// startswith: the content before it stands at the very start of the payload (depth = its length).
//
//   content:"GET "; startswith;
#include "signatures/keywords/content_modifier.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_absolute(builder, *content, option, content->has_depth || content->has_offset))
    return;
  content->starts_with = true;
  content->has_depth = true;
  content->depth.number = static_cast<std::int64_t>(content->bytes.size());
}

}  // namespace

const Keyword& keyword_startswith() {
  static constexpr Keyword keyword{.name = "startswith",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "startswith;",
                                   .help = "The content before it stands at the start of the payload.",
                                   .example = "content:\"GET \"; startswith;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
