// base64_data: sticky buffer, the bytes that base64_decode made.
//
//   base64_decode; base64_data; content:"admin";
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (!builder.facts().base64_decode) {
    builder.error(option.text, "signature.base64_data.no_decode", "base64_data needs base64_decode before it");
    return;
  }
  builder.select_buffer(BufferId::kBase64Data);
}

}  // namespace

const Keyword& keyword_base64_data() {
  static constexpr Keyword keyword{.name = "base64_data",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "base64_data;",
                                   .help = "Sticky buffer: the bytes that base64_decode made.",
                                   .example = "base64_decode; base64_data; content:\"admin\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
