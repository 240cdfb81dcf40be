// xbits: named bits of a host or of a pair of hosts, across conversations.
//
//   xbits:set|unset|toggle|isset|isnotset,NAME,track ip_src|ip_dst|ip_pair[,expire SECONDS]
//   xbits:set,scanned,track ip_src,expire 300;
//
// Without expire a bit lasts 30 seconds.
#include "signatures/keywords/host_bits.h"
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

std::optional<HostbitOp::Track> parse_track(std::string_view text) {
  if (!text.starts_with("track")) return std::nullopt;
  const std::string_view what = trim_blanks(text.substr(5));
  if (what == "ip_src") return HostbitOp::Track::kSource;
  if (what == "ip_dst") return HostbitOp::Track::kDestination;
  if (what == "ip_pair") return HostbitOp::Track::kPair;
  return std::nullopt;
}

bool take_expire(RuleBuilder& builder, std::string_view text, HostbitOp& op) {
  const auto seconds =
      text.starts_with("expire") ? parse_number<std::uint32_t>(trim_blanks(text.substr(6))) : std::nullopt;
  if (!seconds || *seconds == 0)
    return builder.error(text, "signature.xbits.expire", "expected expire and a number of seconds from 1 on");
  op.expire_seconds = *seconds;
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto command = host_bit_command(parts[0]);
  const auto track = parts.size() >= 3 ? parse_track(parts[2]) : std::nullopt;
  if (!command || !track || parts.size() > 4 || parts[1].empty() ||
      parts[1].find_first_of(" \t") != std::string_view::npos) {
    builder.error(option.value, "signature.xbits.syntax", "expected a command, a name and a track",
                  "xbits:set,NAME,track ip_src|ip_dst|ip_pair,expire 300");
    return;
  }
  HostbitOp op;
  op.command = *command;
  op.track = *track;
  op.bit = builder.names().host_bits.id(parts[1]);
  if (parts.size() == 4 && !take_expire(builder, parts[3], op)) return;
  add_host_bit(builder, op);
}

}  // namespace

const Keyword& keyword_xbits() {
  static constexpr Keyword keyword{
      .name = "xbits",
      .syntax = "xbits:set|unset|toggle|isset|isnotset,NAME,track ip_src|ip_dst|ip_pair[,expire SECONDS];",
      .help = "Named bits of a host or a pair of hosts.",
      .example = "xbits:set,scanned,track ip_src,expire 300;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
