// tcp.mss: the maximum segment size option of a TCP packet; packets without it do not match.
//
//   tcp.mss:[<|>|<=|>=|!]N    tcp.mss:LOW-HIGH or LOW<>HIGH (both ends excluded)    numbers from 0 to 65535
//   tcp.mss:<536;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto test = parse_number_test(option.value, 65535);
  if (!test) {
    builder.error(option.value, "signature.tcp_mss.syntax",
                  "expected a number such as 536, <536 or 536-1460, from 0 to 65535");
    return;
  }
  builder.add_packet_condition(option, [test = *test](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return p.has_tcp && p.tcp.has_mss && test.holds(p.tcp.mss);
  });
}

}  // namespace

const Keyword& keyword_tcp_mss() {
  static constexpr Keyword keyword{.name = "tcp.mss",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "tcp.mss:[<|>|<=|>=|!]N|LOW-HIGH;",
                                   .help = "The MSS option of a TCP packet.",
                                   .example = "tcp.mss:<536;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
