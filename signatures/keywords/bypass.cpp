// bypass: after a match nothing more of the flow is looked at.
//
//   content:"|13|BitTorrent"; bypass;
//
// The flow is counted as bypassed in its EVE record.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  builder.signature().bypass = true;
}

}  // namespace

const Keyword& keyword_bypass() {
  static constexpr Keyword keyword{.name = "bypass",
                                   .value = Keyword::Value::kNone,
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "bypass;",
                                   .help = "After a match nothing more of the flow is looked at.",
                                   .example = "content:\"|13|BitTorrent\"; bypass;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
