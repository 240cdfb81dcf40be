// dsize: the size of a packet's payload in bytes.
//
//   dsize:[<|>|<=|>=|!]N    dsize:LOW<>HIGH (both ends excluded)    numbers from 0 to 65535
//   dsize:>100;
//
// The rule is then inspected packet by packet.
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  if (!builder.claim(builder.facts().dsize, option, "signature.dsize.duplicate")) return;
  const auto test = parse_number_test(option.value, 65535);
  if (!test) {
    builder.error(option.value, "signature.dsize.syntax", "expected a size such as 5, >5, <=5, !5 or 5<>10",
                  "numbers are 0 to 65535, both ends of a range are excluded");
    return;
  }
  builder.facts().dsize_test = test;
  builder.add_packet_condition(
      option, [test = *test](const MatchInput& input) { return test.holds(input.packet->payload.size()); });
}

}  // namespace

const Keyword& keyword_dsize() {
  static constexpr Keyword keyword{.name = "dsize",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "dsize:[<|>|<=|>=|!]N|LOW<>HIGH;",
                                   .help = "The size of the packet's payload.",
                                   .example = "dsize:>100;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
