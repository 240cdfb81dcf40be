// flow.age: whole seconds from the first packet of the flow to its last.
//
//   flow.age:[<|>|<=|>=|!]N   flow.age:LOW-HIGH (both ends excluded)
//   flow.age:>3600;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, UINT32_MAX);
  if (!test) {
    builder.error(option.value, "signature.flow_age.syntax", "expected seconds such as 60, >60 or 10-60");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    if (input.flow == nullptr) return false;
    const auto age = input.flow->last.seconds() - input.flow->start.seconds();
    return age >= 0 && test.holds(static_cast<std::uint64_t>(age));
  });
}

}  // namespace

const Keyword& keyword_flow_age() {
  static constexpr Keyword keyword{.name = "flow.age",
                                   .syntax = "flow.age:[<|>|<=|>=|!]N;",
                                   .help = "Seconds from the first packet of the flow to its last.",
                                   .example = "flow.age:>3600;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
