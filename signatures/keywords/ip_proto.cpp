// ip_proto: the protocol number above IP; for rules with the header protocol ip.
//
//   ip_proto:[!|<|>]N    ip_proto:[!|<|>]name     N from 0 to 255
//   ip_proto:41;         ip_proto:!tcp;
//
// Several in one rule must all hold, so two different exact values are an error.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
// IANA protocol numbers that rules name; all others are written as numbers.
constexpr ProtocolName kNames[] = {
    {"ip", 0},         {"icmp", 1},       {"igmp", 2},        {"ggp", 3},        {"ipencap", 4},     {"st", 5},
    {"tcp", 6},        {"egp", 8},        {"igp", 9},         {"pup", 12},       {"udp", 17},        {"hmp", 20},
    {"xns-idp", 22},   {"rdp", 27},       {"dccp", 33},       {"ddp", 37},       {"ipv6", 41},       {"ipv6-route", 43},
    {"ipv6-frag", 44}, {"idrp", 45},      {"rsvp", 46},       {"gre", 47},       {"esp", 50},        {"ah", 51},
    {"skip", 57},      {"ipv6-icmp", 58}, {"ipv6-nonxt", 59}, {"ipv6-opts", 60}, {"eigrp", 88},      {"ospf", 89},
    {"ipip", 94},      {"etherip", 97},   {"encap", 98},      {"pim", 103},      {"ipcomp", 108},    {"vrrp", 112},
    {"l2tp", 115},     {"sctp", 132},     {"fc", 133},        {"udplite", 136},  {"mpls-in-ip", 137}};

std::optional<std::uint8_t> protocol_number(std::string_view text) {
  if (const auto number = parse_number<std::uint8_t>(text)) return number;
  for (const ProtocolName& protocol : kNames) {
    if (equals_ignoring_case(protocol.name, text)) return protocol.number;
  }
  return std::nullopt;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto header_is = [&](std::string_view name) { return equals_ignoring_case(builder.rule().protocol, name); };
  if (!header_is("ip") && !header_is("ip4") && !header_is("ip6") && !header_is("ipv4") && !header_is("ipv6") &&
      !header_is("pkthdr")) {
    builder.error(option.text, "signature.ip_proto.header", "ip_proto is for rules whose header says ip or pkthdr");
    return;
  }
  std::string_view text = option.argument;
  char sign = option.negated ? '!' : '=';
  if (!option.negated && !text.empty() && (text.front() == '<' || text.front() == '>')) {
    sign = text.front();
    text = trim_blanks(text.substr(1));
  }
  const auto number = protocol_number(text);
  if (!number) {
    builder.error(text, "signature.ip_proto.protocol", "\"" + printable(text) + "\" is no protocol name or number",
                  "numbers are 0 to 255");
    return;
  }
  if (sign == '=' && !builder.claim(builder.facts().ip_proto, option, "signature.ip_proto.second")) return;
  builder.add_protocol_condition(option, [number = *number, sign](const MatchInput& input) {
    const std::uint8_t protocol = input.packet->protocol;
    const bool holds = sign == '<'   ? protocol < number
                       : sign == '>' ? protocol > number
                                     : (protocol == number) == (sign == '=');
    return input.packet->is_ip() && holds;
  });
}

}  // namespace

const Keyword& keyword_ip_proto() {
  static constexpr Keyword keyword{.name = "ip_proto",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .may_negate = true,
                                   .syntax = "ip_proto:[!|<|>]N|name;",
                                   .help = "The protocol above IP.",
                                   .example = "ip_proto:!tcp;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
