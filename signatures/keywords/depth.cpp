// depth: the content before it must end within so many bytes, counted from its offset (or the start of the payload).
//
//   depth:N     N from the length of the content to 65535, or a byte_extract variable
//   content:"GET"; depth:3;
#include "signatures/keywords/content_modifier.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_absolute(builder, *content, option, content->has_depth)) return;
  const auto value = builder.value(option.argument, 0, 65535, "signature.depth");
  if (!value) return;
  if (value->slot < 0 && static_cast<std::size_t>(value->number) < content->bytes.size()) {
    builder.error(option.argument, "signature.depth.too_small",
                  "depth " + std::to_string(value->number) + " is less than the " +
                      std::to_string(content->bytes.size()) + " bytes of the content");
    return;
  }
  content->has_depth = true;
  content->depth = *value;
}

}  // namespace

const Keyword& keyword_depth() {
  static constexpr Keyword keyword{.name = "depth",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "depth:N;",
                                   .help = "The content before it lies in the first N bytes from its offset on.",
                                   .example = "content:\"GET\"; depth:3;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
