// icmpv6.mtu: the MTU field of an ICMPv6 Packet Too Big message (RFC 4443 3.2).
//
//   icmpv6.mtu:[<|>|<=|>=|!]N   icmpv6.mtu:LOW-HIGH (both ends excluded)
//   icmpv6.mtu:<1280;
#include "datapath/base/big_endian.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::uint8_t kPacketTooBig = 2;

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, UINT32_MAX);
  if (!test) {
    builder.error(option.value, "signature.icmpv6_mtu.syntax", "expected a number such as 1280, <1280 or 1280-1500");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    if (!p.has_icmpv6 || p.icmp_type != kPacketTooBig || p.icmp_code != 0) return false;
    return p.l4_header_length >= 8 && test.holds(load_be32(p.l4_header + 4));
  });
}

}  // namespace

const Keyword& keyword_icmpv6_mtu() {
  static constexpr Keyword keyword{.name = "icmpv6.mtu",
                                   .syntax = "icmpv6.mtu:[<|>|<=|>=|!]N;",
                                   .help = "The MTU field of an ICMPv6 Packet Too Big message.",
                                   .example = "icmpv6.mtu:<1280;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
