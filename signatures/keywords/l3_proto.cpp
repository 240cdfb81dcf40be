// l3_proto: the version of the Internet protocol.
//
//   l3_proto:ipv4|ip4|ipv6|ip6
//   l3_proto:ipv6;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::string word = to_lower(option.value);
  const bool v4 = word == "ipv4" || word == "ip4";
  if (!v4 && word != "ipv6" && word != "ip6") {
    builder.error(option.value, "signature.l3_proto.syntax", "expected ipv4 or ipv6");
    return;
  }
  builder.add_protocol_condition(option, [family = v4 ? IpFamily::kV4 : IpFamily::kV6](const MatchInput& input) {
    return input.packet->family == family;
  });
}

}  // namespace

const Keyword& keyword_l3_proto() {
  static constexpr Keyword keyword{.name = "l3_proto",
                                   .syntax = "l3_proto:ipv4|ipv6;",
                                   .help = "The version of the Internet protocol.",
                                   .example = "l3_proto:ipv6;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
