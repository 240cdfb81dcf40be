// gid: the group of the rule; 1 when not said. The last one counts.
//
//   gid:N      N from 0 to 4294967294
//   gid:3;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint32_t>(option.value);
  if (!number || *number == UINT32_MAX) {
    builder.error(option.value, "signature.gid.number", "expected a number from 0 to 4294967294");
    return;
  }
  builder.info().gid = *number;
}

}  // namespace

const Keyword& keyword_gid() {
  static constexpr Keyword keyword{.name = "gid",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "gid:N;",
                                   .help = "The group of the rule.",
                                   .example = "gid:3;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
