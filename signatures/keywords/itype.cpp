// itype: the ICMP or ICMPv6 type of the packet.
//
//   itype:[<|>|<=|>=|!]N    itype:LOW<>HIGH (both ends excluded)    numbers from 0 to 255
//   itype:8;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, 255);
  if (!test) {
    builder.error(option.value, "signature.itype.syntax", "expected a number such as 8, >8 or 3<>9, from 0 to 255");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return (p.has_icmp || p.has_icmpv6) && test.holds(p.icmp_type);
  });
}

}  // namespace

const Keyword& keyword_itype() {
  static constexpr Keyword keyword{.name = "itype",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "itype:[<|>|<=|>=|!]N|LOW<>HIGH;",
                                   .help = "The ICMP or ICMPv6 type.",
                                   .example = "itype:8;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
