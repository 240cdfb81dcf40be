// icmp_id: the identifier of an ICMP or ICMPv6 packet whose type has one (echo, timestamp).
//
//   icmp_id:N      N from 0 to 65535
//   icmp_id:0;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint16_t>(option.value);
  if (!number) {
    builder.error(option.value, "signature.icmp_id.number", "expected a number from 0 to 65535");
    return;
  }
  builder.add_packet_condition(option, [number = *number](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return (p.has_icmp || p.has_icmpv6) && p.has_icmp_id && p.icmp_id == number;
  });
}

}  // namespace

const Keyword& keyword_icmp_id() {
  static constexpr Keyword keyword{
      .name = "icmp_id",
      .prefilter = Keyword::Prefilter::kAble,
      .syntax = "icmp_id:N;",
      .help = "The identifier of an ICMP or ICMPv6 packet whose type has one (echo, timestamp).",
      .example = "icmp_id:0;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
