// icode: the ICMP or ICMPv6 code of the packet.
//
//   icode:[<|>|<=|>=|!]N    icode:LOW<>HIGH (both ends excluded)    numbers from 0 to 255
//   icode:8;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, 255);
  if (!test) {
    builder.error(option.value, "signature.icode.syntax", "expected a number such as 8, >8 or 3<>9, from 0 to 255");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return (p.has_icmp || p.has_icmpv6) && test.holds(p.icmp_code);
  });
}

}  // namespace

const Keyword& keyword_icode() {
  static constexpr Keyword keyword{.name = "icode",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "icode:[<|>|<=|>=|!]N|LOW<>HIGH;",
                                   .help = "The ICMP or ICMPv6 code.",
                                   .example = "icode:8;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
