// tcp.ack (also ack): the acknowledgement number of a TCP packet, as on the wire.
//
//   tcp.ack:N      N from 0 to 4294967295
//   tcp.ack:0;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint32_t>(option.value);
  if (!number) {
    builder.error(option.value, "signature.ack.number", "expected a number from 0 to 4294967295");
    return;
  }
  builder.add_packet_condition(option, [number = *number](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return p.has_tcp && p.tcp.ack == number;
  });
}

}  // namespace

const Keyword& keyword_ack() {
  static constexpr Keyword keyword{.name = "tcp.ack",
                                   .alias = "ack",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "tcp.ack:N;",
                                   .help = "The acknowledgement number of a TCP packet, as on the wire.",
                                   .example = "tcp.ack:0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
