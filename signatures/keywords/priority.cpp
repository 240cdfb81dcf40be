// priority: how grave an alert is, 1 the gravest; it overrides that of the classtype.
//
//   priority:N      N from 0 to 255
//   priority:1;
//
// Of several the smallest counts.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint8_t>(option.value);
  if (!number) {
    builder.error(option.value, "signature.priority.number", "expected a number from 0 to 255");
    return;
  }
  const bool first = builder.facts().priority.empty();
  if (!first) builder.warning(option.text, "signature.priority.duplicate", "a second priority; the smallest counts");
  builder.facts().priority = option.text;
  if (first || *number < builder.signature().priority) builder.signature().priority = *number;
}

}  // namespace

const Keyword& keyword_priority() {
  static constexpr Keyword keyword{.name = "priority",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "priority:N;",
                                   .help = "How grave an alert is, 1 the gravest.",
                                   .example = "priority:1;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
