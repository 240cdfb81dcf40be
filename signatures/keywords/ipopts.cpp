// ipopts: an option is present in the IPv4 header.
//
//   ipopts:rr|eol|nop|ts|sec|esec|lsrr|ssrr|satid|any
//   ipopts:lsrr;
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct OptionName {
  std::string_view name;
  std::uint8_t type;  // RFC 791 3.1, RFC 1108
};
constexpr std::uint8_t kEndOfList = 0, kNoOperation = 1;
constexpr OptionName kOptions[] = {{"eol", kEndOfList}, {"nop", kNoOperation}, {"rr", 7},
                                   {"ts", 68},          {"sec", 130},          {"lsrr", 131},
                                   {"esec", 133},       {"satid", 136},        {"ssrr", 137}};
constexpr int kAnyOption = -1;

// Walks the options of the header; a broken length ends the walk.
bool has_option(const decode::PacketView& packet, int wanted) {
  constexpr std::size_t kFixedHeader = 20;
  if (packet.family != IpFamily::kV4 || packet.ip_header == nullptr || packet.ip_header_length <= kFixedHeader)
    return false;
  if (wanted == kAnyOption) return true;
  std::size_t at = kFixedHeader;
  while (at < packet.ip_header_length) {
    const std::uint8_t type = packet.ip_header[at];
    if (type == wanted) return true;
    if (type == kEndOfList) return false;
    if (type == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= packet.ip_header_length || packet.ip_header[at + 1] < 2) return false;
    at += packet.ip_header[at + 1];
  }
  return false;
}

void apply(RuleBuilder& builder, const Option& option) {
  int wanted = kAnyOption;
  bool known = equals_ignoring_case(option.value, "any");
  for (const OptionName& entry : kOptions) {
    if (!equals_ignoring_case(option.value, entry.name)) continue;
    known = true;
    wanted = entry.type;
  }
  if (!known) {
    builder.error(option.value, "signature.ipopts.name", "\"" + printable(option.value) + "\" is not an IP option",
                  "one of rr, eol, nop, ts, sec, esec, lsrr, ssrr, satid, any");
    return;
  }
  builder.add_packet_condition(option, [wanted](const MatchInput& input) { return has_option(*input.packet, wanted); });
}

}  // namespace

const Keyword& keyword_ipopts() {
  static constexpr Keyword keyword{.name = "ipopts",
                                   .syntax = "ipopts:name;",
                                   .help = "An option is present in the IPv4 header.",
                                   .example = "ipopts:lsrr;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
