// sameip: source and destination address are the same.
//
//   sameip;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.add_packet_condition(option, [](const MatchInput& input) {
    return input.packet->is_ip() && input.packet->source == input.packet->destination;
  });
}

}  // namespace

const Keyword& keyword_sameip() {
  static constexpr Keyword keyword{.name = "sameip",
                                   .value = Keyword::Value::kNone,
                                   .syntax = "sameip;",
                                   .help = "Source and destination address are the same.",
                                   .example = "sameip;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
