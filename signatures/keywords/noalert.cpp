// noalert: the rule sets its bits and variables and takes its action, but makes no alert.
//
//   flowbits:set,a; noalert;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option&) {
  builder.signature().no_alert = true;
}

}  // namespace

const Keyword& keyword_noalert() {
  static constexpr Keyword keyword{.name = "noalert",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "noalert;",
                                   .help = "No alert when the rule matches.",
                                   .example = "noalert;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
