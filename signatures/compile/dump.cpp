#include "signatures/compile/dump.h"

#include <array>
#include <string>
#include <string_view>

namespace bulkhead::signatures {
namespace {

constexpr std::array<std::string_view, kProtocolClasses> kClassNames = {"tcp",    "udp",      "sctp",  "icmp",
                                                                        "icmpv6", "other-ip", "non-ip"};
constexpr std::array<std::string_view, 12> kStepNames = {"content",       "pcre",      "byte_test", "byte_jump",
                                                         "byte_extract",  "byte_math", "isdataat",  "bsize",
                                                         "base64_decode", "dataset",   "datarep",   "asn1"};
constexpr std::array<std::string_view, 4> kActionNames = {"alert", "pass", "drop", "reject"};

// As in a rule: printable bytes as they are, the rest between bars.
std::string printable(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  bool hex = false;
  for (const char raw : bytes) {
    const auto c = static_cast<unsigned char>(raw);
    const bool plain = c >= 0x20 && c < 0x7f && c != '|' && c != '"' && c != '\\' && c != ';';
    if (plain == hex) {
      out += '|';
      hex = !hex;
    } else if (hex) {
      out += ' ';
    }
    if (plain) {
      out += raw;
    } else {
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  return hex ? out + '|' : out;
}

std::string number(const Value& v) {
  return v.slot >= 0 ? "$" + std::to_string(v.slot) : std::to_string(v.number);
}

std::string describe(const ContentOp& c) {
  std::string out = std::string(c.negated ? "!" : "") + "\"" + printable(c.bytes) + "\"";
  if (c.nocase) out += " nocase";
  if (c.has_offset) out += " offset " + number(c.offset);
  if (c.has_depth) out += " depth " + number(c.depth);
  if (c.has_distance) out += " distance " + number(c.distance);
  if (c.has_within) out += " within " + number(c.within);
  if (c.starts_with) out += " startswith";
  if (c.ends_with) out += " endswith";
  return out;
}

void dump_program(const PayloadProgram& program, std::ostream& out) {
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const PayloadStep& step = program.steps[i];
    out << "    " << i << " " << kStepNames[static_cast<std::size_t>(step.kind)];
    if (const auto* content = std::get_if<ContentOp>(step.op)) out << " " << describe(*content);
    if (const auto* pcre = std::get_if<PcreOp>(step.op)) {
      out << " " << (pcre->negated ? "!" : "") << "/" << pcre->pattern << "/" << (pcre->relative ? "R" : "")
          << (step.regex->jit() ? "" : " without JIT");
    }
    out << (step.retry ? " [retry]" : "") << (step.cut ? " [final]" : "") << "\n";
  }
}

}  // namespace

void dump_statistics(const SignatureDb& db, std::ostream& out) {
  const SignatureDbStats& s = db.stats;
  out << "rules                 " << s.rules << "\n"
      << "  with a pattern      " << s.rules_with_pattern << "\n"
      << "  without             " << s.rules_without_pattern << "\n"
      << "  addresses only      " << s.ip_only << "\n"
      << "regular expressions   " << s.regexes << " (" << s.regex_bytes << " bytes, " << s.regexes_without_jit
      << " without JIT)\n"
      << "groups                " << s.groups << "\n"
      << "databases             " << s.databases << " (" << s.literals << " literals, " << s.database_bytes
      << " bytes)\n"
      << "stream state          " << s.largest_stream_bytes << " bytes at most\n"
      << "cache                 " << s.cache_hits << " read, " << s.cache_misses << " compiled, " << s.cache_corrupt
      << " corrupt\n"
      << "seconds               " << s.seconds << "\n";
}

void dump_groups(const SignatureDb& db, std::ostream& out) {
  const auto size_of = [](const LiteralDbPtr& d) { return d != nullptr ? d->literal_count : 0; };
  for (std::size_t c = 0; c < kProtocolClasses; ++c) {
    for (std::size_t d = 0; d < 2; ++d) {
      const PortGroups& ports = db.groups[c][d];
      for (std::size_t g = 0; g < ports.groups.size(); ++g) {
        const RuleGroup& group = ports.groups[g];
        std::size_t count = 0;
        for (const std::uint16_t of : ports.by_server_port) count += of == g;
        out << kClassNames[c] << (d == 0 ? " to_server" : " to_client") << " group " << g << ": " << group.member_count
            << " rules, " << (ports.by_server_port.empty() ? 65536 : count) << " server ports, stream literals "
            << size_of(group.stream) << ", packet literals " << size_of(group.packet) << ", without pattern "
            << group.stream_always.size() << " stream " << group.packet_always.size() << " packet, addresses only "
            << group.ip_only.size() << ", by address "
            << group.packet_by_source.rule_count() + group.packet_by_destination.rule_count() << " packet "
            << group.ip_only_by_source.rule_count() + group.ip_only_by_destination.rule_count() << " addresses only"
            << "\n";
      }
    }
  }
}

bool dump_rule(const SignatureDb& db, std::uint32_t sid, std::ostream& out) {
  bool found = false;
  for (std::size_t index = 0; index < db.rules.size(); ++index) {
    const CompiledRule& rule = db.rules[index];
    const Signature& s = *rule.signature;
    if (s.info->sid != sid) continue;
    found = true;
    out << "sid " << sid << " gid " << s.info->gid << " rev " << s.info->rev << ": "
        << kActionNames[static_cast<std::size_t>(s.action)] << ", order " << index << ", priority " << int{s.priority}
        << "\n"
        << "  looks at" << (s.inspects_stream ? " stream" : "") << (s.inspects_packet_payload ? " packet" : "")
        << (s.ip_only ? " addresses only" : "") << "\n";
    if (s.fast_op >= 0) {
      out << "  fast pattern \"" << printable(s.fast_bytes) << "\"\n";
    } else {
      out << "  no fast pattern\n";
    }
    for (const PacketConditionPtr& condition : s.conditions) out << "  condition " << condition->describe() << "\n";
    for (const PayloadProgram& program : rule.programs) {
      out << "  payload\n";
      dump_program(program, out);
    }
  }
  return found;
}

}  // namespace bulkhead::signatures
