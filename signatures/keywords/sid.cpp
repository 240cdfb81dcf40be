// sid: the number of the rule; every rule has one, and with its gid it is unique.
//
//   sid:N      N from 1 to 4294967294
//   sid:1000001;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (!builder.claim(builder.facts().sid, option, "signature.sid.duplicate")) return;
  const auto number = parse_number<std::uint32_t>(option.value);
  if (!number || *number == 0 || *number == UINT32_MAX) {
    builder.error(option.value, "signature.sid.number", "expected a number from 1 to 4294967294");
    return;
  }
  builder.info().sid = *number;
}

}  // namespace

const Keyword& keyword_sid() {
  static constexpr Keyword keyword{.name = "sid",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "sid:N;",
                                   .help = "The number of the rule.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
