// prefilter: the condition before it decides first whether the rule is looked at; behind a content it is fast_pattern.
//
//   ttl:1; prefilter;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const Keyword* before = builder.facts().last_condition;
  if (before == nullptr) {
    builder.error(option.text, "signature.prefilter.no_condition", "prefilter needs a condition before it");
    return;
  }
  if (before->prefilter != Keyword::Prefilter::kAble) {
    builder.error(option.text, "signature.prefilter.unable", std::string(before->name) + " cannot be a prefilter");
    return;
  }
  if (!builder.claim(builder.facts().prefilter, option, "signature.prefilter.second")) return;
  builder.signature().prefilter = true;
  if (before->name != "content" || !builder.facts().fast_pattern.empty()) return;
  builder.facts().fast_pattern = option.text;
  if (ContentOp* content = builder.content_before(option)) content->fast_pattern = true;
}

}  // namespace

const Keyword& keyword_prefilter() {
  static constexpr Keyword keyword{.name = "prefilter",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "prefilter;",
                                   .help = "The condition before it decides first.",
                                   .example = "ttl:1; prefilter;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
