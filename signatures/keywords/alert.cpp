// alert: the rule makes an alert, also where its action alone makes none (pass).
//
//   pass tcp any any -> any 22 (alert; sid:1;)
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option&) {
  builder.signature().force_alert = true;
  builder.signature().no_alert = false;
}

}  // namespace

const Keyword& keyword_alert() {
  static constexpr Keyword keyword{.name = "alert",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "alert;",
                                   .help = "An alert also for a pass rule.",
                                   .example = "alert;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
