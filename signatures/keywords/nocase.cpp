// nocase: the content before it matches upper and lower case ASCII letters alike.
//
//   content:"get "; nocase;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  ContentOp* content = builder.content_before(option);
  if (content == nullptr) return;
  if (content->nocase) {
    builder.error(option.text, "signature.nocase.duplicate", "nocase stands twice for this content");
    return;
  }
  content->nocase = true;
  content->bytes = to_lower(content->bytes);
}

}  // namespace

const Keyword& keyword_nocase() {
  static constexpr Keyword keyword{.name = "nocase",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "nocase;",
                                   .help = "The content before it ignores the case of ASCII letters.",
                                   .example = "content:\"get \"; nocase;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
