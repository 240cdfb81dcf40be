// tos: the type of service byte of an IPv4 packet.
//
//   tos:[!]N     N from 0 to 255, or x and two hexadecimal digits
//   tos:!x10;
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::string_view text = option.argument;
  const auto number =
      text.starts_with('x') ? parse_number<std::uint8_t>(text.substr(1), 16) : parse_number<std::uint8_t>(text);
  if (!number) {
    builder.error(text, "signature.tos.number", "expected a number from 0 to 255", "hexadecimal is written x10");
    return;
  }
  builder.add_packet_condition(option, [number = *number, negated = option.negated](const MatchInput& input) {
    return input.packet->family == IpFamily::kV4 && (input.packet->tos == number) != negated;
  });
}

}  // namespace

const Keyword& keyword_tos() {
  static constexpr Keyword keyword{.name = "tos",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "tos:[!]N;",
                                   .help = "The type of service byte of an IPv4 packet.",
                                   .example = "tos:!x10;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
