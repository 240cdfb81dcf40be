// ttl: the time to live (IPv4) or hop limit (IPv6) of the packet.
//
//   ttl:[<|>|<=|>=|!]N    ttl:LOW-HIGH or LOW<>HIGH (both ends excluded)    numbers from 0 to 255
//   ttl:<5;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, 255);
  if (!test) {
    builder.error(option.value, "signature.ttl.syntax", "expected a number such as 64, <5 or 5-10, from 0 to 255");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    return input.packet->is_ip() && test.holds(input.packet->ttl);
  });
}

}  // namespace

const Keyword& keyword_ttl() {
  static constexpr Keyword keyword{.name = "ttl",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "ttl:[<|>|<=|>=|!]N|LOW-HIGH;",
                                   .help = "The time to live or hop limit.",
                                   .example = "ttl:<5;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
