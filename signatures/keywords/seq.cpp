// tcp.seq (also seq): the sequence number of a TCP packet, as on the wire.
//
//   tcp.seq:N      N from 0 to 4294967295
//   tcp.seq:0;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint32_t>(option.value);
  if (!number) {
    builder.error(option.value, "signature.seq.number", "expected a number from 0 to 4294967295");
    return;
  }
  builder.add_packet_condition(option, [number = *number](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return p.has_tcp && p.tcp.seq == number;
  });
}

}  // namespace

const Keyword& keyword_seq() {
  static constexpr Keyword keyword{.name = "tcp.seq",
                                   .alias = "seq",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "tcp.seq:N;",
                                   .help = "The sequence number of a TCP packet, as on the wire.",
                                   .example = "tcp.seq:0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
