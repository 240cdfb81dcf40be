// rev: the revision of the rule; 0 when not said.
//
//   rev:N      N from 1 to 4294967294
//   rev:3;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (!builder.claim(builder.facts().rev, option, "signature.rev.duplicate")) return;
  const auto number = parse_number<std::uint32_t>(option.value);
  if (!number || *number == 0 || *number == UINT32_MAX) {
    builder.error(option.value, "signature.rev.number", "expected a number from 1 to 4294967294");
    return;
  }
  builder.info().rev = *number;
}

}  // namespace

const Keyword& keyword_rev() {
  static constexpr Keyword keyword{.name = "rev",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "rev:N;",
                                   .help = "The revision of the rule.",
                                   .example = "rev:3;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
