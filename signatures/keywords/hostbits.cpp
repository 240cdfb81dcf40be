// hostbits: named bits of a host, across conversations, without an end.
//
//   hostbits:set|unset|toggle|isset|isnotset,NAME[,src|dst]    src when neither is said
//   hostbits:noalert
//   hostbits:isset,infected,dst;
#include "signatures/keywords/host_bits.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  if (parts.size() == 1 && parts[0] == "noalert") {
    builder.signature().no_alert = true;
    return;
  }
  const auto command = host_bit_command(parts[0]);
  const bool named = parts.size() >= 2 && !parts[1].empty() && parts[1].find_first_of(" \t") == std::string_view::npos;
  const bool tracked = parts.size() == 2 || (parts.size() == 3 && (parts[2] == "src" || parts[2] == "dst"));
  if (!command || !named || !tracked) {
    builder.error(option.value, "signature.hostbits.syntax", "expected a command, a name and src, dst or nothing",
                  "hostbits:set,NAME,src");
    return;
  }
  HostbitOp op;
  op.command = *command;
  op.track = parts.size() == 3 && parts[2] == "dst" ? HostbitOp::Track::kDestination : HostbitOp::Track::kSource;
  op.bit = builder.names().host_bits.id(parts[1]);
  op.expire_seconds = 0;
  add_host_bit(builder, op);
}

}  // namespace

const Keyword& keyword_hostbits() {
  static constexpr Keyword keyword{
      .name = "hostbits",
      .syntax = "hostbits:set|unset|toggle|isset|isnotset,NAME[,src|dst]; hostbits:noalert;",
      .help = "Named bits of a host.",
      .example = "hostbits:isset,infected,dst;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
