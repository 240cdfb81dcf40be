// offset: the content before it is looked for from this byte of the payload on.
//
//   offset:N    N from 0 to 65535, or a byte_extract variable
//   content:"|90 90|"; offset:4;
#include "signatures/keywords/content_modifier.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr || !may_be_absolute(builder, *content, option, content->has_offset)) return;
  const auto value = builder.value(option.argument, 0, 65535, "signature.offset");
  if (!value) return;
  content->has_offset = true;
  content->offset = *value;
}

}  // namespace

const Keyword& keyword_offset() {
  static constexpr Keyword keyword{.name = "offset",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "offset:N;",
                                   .help = "The content before it begins at byte N of the payload or later.",
                                   .example = "content:\"|90 90|\"; offset:4;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
