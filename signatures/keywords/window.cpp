// tcp.window (also window): the window of a TCP packet as it stands in the header, unscaled.
//
//   tcp.window:[!]N      N from 0 to 65535
//   tcp.window:55808;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto number = parse_number<std::uint16_t>(option.argument);
  if (!number) {
    builder.error(option.argument, "signature.window.number", "expected a number from 0 to 65535");
    return;
  }
  builder.add_packet_condition(option, [number = *number, negated = option.negated](const MatchInput& input) {
    return input.packet->has_tcp && (input.packet->tcp.window == number) != negated;
  });
}

}  // namespace

const Keyword& keyword_window() {
  static constexpr Keyword keyword{.name = "tcp.window",
                                   .alias = "window",
                                   .may_negate = true,
                                   .syntax = "tcp.window:[!]N;",
                                   .help = "The window of a TCP packet, unscaled.",
                                   .example = "tcp.window:55808;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
