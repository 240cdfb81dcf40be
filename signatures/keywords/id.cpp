// id: the identification field of an IPv4 packet.
//
//   id:N      N from 0 to 65535
//   id:0;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint16_t>(option.value);
  if (!number) {
    builder.error(option.value, "signature.id.number", "expected a number from 0 to 65535");
    return;
  }
  builder.add_packet_condition(option, [number = *number](const MatchInput& input) {
    const decode::PacketView& p = *input.packet;
    return p.family == IpFamily::kV4 && p.fragment_id == number;
  });
}

}  // namespace

const Keyword& keyword_id() {
  static constexpr Keyword keyword{.name = "id",
                                   .prefilter = Keyword::Prefilter::kAble,
                                   .syntax = "id:N;",
                                   .help = "The identification field of an IPv4 packet.",
                                   .example = "id:0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
