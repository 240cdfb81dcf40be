// msg: the text of the alert.
//
//   msg:"TEXT"      '\\' before ; " : and itself is left out
//   msg:"ET INFO seen it";
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (!builder.claim(builder.facts().msg, option, "signature.msg.duplicate")) return;
  if (option.argument.empty()) {
    builder.error(option.text, "signature.msg.empty", "the text is empty");
    return;
  }
  std::string text;
  bool escaped = false;
  for (const char c : option.argument) {
    escaped = c == '\\' && !escaped;
    if (!escaped) text += c;
  }
  builder.info().message = std::move(text);
}

}  // namespace

const Keyword& keyword_msg() {
  static constexpr Keyword keyword{.name = "msg",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "msg:\"TEXT\";",
                                   .help = "The text of the alert.",
                                   .example = "msg:\"seen it\";",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
