#include "signatures/compile/lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "signatures/keywords/number_test.h"

namespace bulkhead::signatures {
namespace {

using pipeline::RuleAction;

constexpr std::size_t kShortPattern = 2;

struct Described {
  std::string name, value;  // "ttl", "<3"
};

std::vector<Described> described(const Signature& s) {
  std::vector<Described> out;
  for (const PacketConditionPtr& condition : s.conditions) {
    const std::string text = condition->describe();
    const std::size_t colon = text.find(':');
    out.push_back({text.substr(0, colon), colon == text.npos ? "" : text.substr(colon + 1)});
  }
  return out;
}

bool carries_tcp(RuleProtocol p) {
  return p == RuleProtocol::kTcp || p == RuleProtocol::kTcpPkt || p == RuleProtocol::kTcpStream;
}
bool carries_icmp(RuleProtocol p) {
  return p == RuleProtocol::kIcmp || p == RuleProtocol::kIcmpv4 || p == RuleProtocol::kIcmpv6;
}
bool is_one_transport(RuleProtocol p) {
  return carries_tcp(p) || carries_icmp(p) || p == RuleProtocol::kUdp || p == RuleProtocol::kSctp;
}

const BufferProgram* payload_of(const Signature& s) {
  const auto at = std::find_if(s.buffers.begin(), s.buffers.end(),
                               [](const BufferProgram& b) { return b.buffer == BufferId::kPayload; });
  return at == s.buffers.end() ? nullptr : &*at;
}

// --- one rule ---

class RuleLint {
 public:
  RuleLint(const Signature& s, Diagnostics& out) : s_(s), conditions_(described(s)), out_(out) {}

  void run() {
    patterns();
    numbers();
    contents();
    bits();
    protocol();
    families();
    breadth();
  }

 private:
  void found(const char* code, std::string message, std::string hint = {}) {
    out_.warning(s_.span, code, "sid " + std::to_string(s_.info->sid) + ": " + std::move(message), std::move(hint));
  }

  void patterns() {
    if (payload_of(s_) == nullptr) return;
    if (s_.fast_op < 0) {
      found("lint.no_pattern", "no content selects this rule: every packet that fits its header is looked at",
            "add a content that is not negated");
    } else if (s_.fast_bytes.size() <= kShortPattern && s_.source_ports.any && s_.destination_ports.any) {
      found("lint.short_pattern",
            "the pattern that selects it has " + std::to_string(s_.fast_bytes.size()) + " bytes and is seen everywhere",
            "a longer content, or a port");
    }
  }

  // Two tests of the same number that leave nothing: ttl:<3; ttl:>10.
  void numbers() {
    std::map<std::string, std::vector<NumberTest>> tests;
    for (const Described& d : conditions_) {
      if (const auto test = parse_number_test(d.value, UINT32_MAX)) tests[d.name].push_back(*test);
    }
    for (const auto& [name, all] : tests) {
      if (all.size() < 2 || some_number_fits(all)) continue;
      found("lint.contradictory", "no number fulfils every " + name + " of this rule");
    }
  }
  // Only ends of the tests, and what lies beside them, can be the smallest number that fits.
  static bool some_number_fits(const std::vector<NumberTest>& all) {
    const auto fits = [&](std::uint64_t n) {
      return std::all_of(all.begin(), all.end(), [n](const NumberTest& t) { return t.holds(n); });
    };
    if (fits(0)) return true;
    for (const NumberTest& t : all) {
      for (const std::uint64_t end : {t.low, t.high}) {
        if (fits(end) || fits(end + 1) || (end > 0 && fits(end - 1))) return true;
      }
    }
    return false;
  }

  // The same bytes asked for and forbidden anywhere; more bytes asked for than isdataat or bsize leave.
  void contents() {
    for (const BufferProgram& program : s_.buffers) {
      std::size_t needed = 0;
      for (const PayloadOp& op : program.ops) {
        const auto* content = std::get_if<ContentOp>(&op);
        if (content == nullptr) continue;
        if (!content->negated) needed = std::max(needed, content->bytes.size());
        if (content->negated && is_anywhere(*content) && asks_for(program, *content)) {
          found("lint.contradictory", "the same content is asked for and forbidden");
        }
      }
      for (const PayloadOp& op : program.ops) {
        if (const auto* at = std::get_if<IsDataAtOp>(&op)) {
          if (at->negated && !at->relative && at->position.slot < 0 &&
              needed > static_cast<std::size_t>(at->position.number)) {
            found("lint.contradictory", "a content is longer than isdataat leaves room for");
          }
        }
      }
    }
  }
  static bool is_anywhere(const ContentOp& c) {
    return !c.relative && !c.has_depth && !c.has_offset && !c.starts_with && !c.ends_with;
  }
  static bool asks_for(const BufferProgram& program, const ContentOp& forbidden) {
    return std::any_of(program.ops.begin(), program.ops.end(), [&](const PayloadOp& op) {
      const auto* c = std::get_if<ContentOp>(&op);
      return c != nullptr && !c->negated && c->bytes.find(forbidden.bytes) != std::string::npos &&
             (c->nocase == forbidden.nocase || forbidden.nocase == false);
    });
  }

  void bits() {
    for (const FlowbitOp& set : s_.flowbit_checks) {
      if (set.command != FlowbitOp::Command::kIsSet) continue;
      for (const FlowbitOp& unset : s_.flowbit_checks) {
        if (unset.command != FlowbitOp::Command::kIsNotSet) continue;
        const bool all = std::all_of(set.bits.begin(), set.bits.end(), [&](std::uint32_t bit) {
          return std::find(unset.bits.begin(), unset.bits.end(), bit) != unset.bits.end();
        });
        if (all) found("lint.contradictory", "a flowbit must be set and must not be set");
      }
    }
    if (s_.flow.established && s_.flow.not_established) {
      found("lint.contradictory", "the flow must be established and must not be");
    }
  }

  void protocol() {
    static constexpr std::array<std::string_view, 9> kTcp = {"flags",  "tcp.flags",  "seq",     "tcp.seq",    "ack",
                                                             "window", "tcp.window", "tcp.mss", "stream_size"};
    static constexpr std::array<std::string_view, 5> kIcmp = {"itype", "icode", "icmp_id", "icmp_seq", "icmpv6.mtu"};
    if (!is_one_transport(s_.protocol)) return;
    for (const Described& d : conditions_) {
      const bool tcp = std::find(kTcp.begin(), kTcp.end(), d.name) != kTcp.end() || d.name == "stream-event";
      const bool icmp = std::find(kIcmp.begin(), kIcmp.end(), d.name) != kIcmp.end();
      if ((tcp && !carries_tcp(s_.protocol)) || (icmp && !carries_icmp(s_.protocol))) {
        found("lint.unreachable", d.name + " never holds for packets of this protocol");
      }
    }
    if (carries_icmp(s_.protocol) && (!s_.source_ports.any || !s_.destination_ports.any)) {
      found("lint.unreachable", "ICMP messages have no ports");
    }
  }

  void families() {
    const auto only_v4 = [](const AddressSet& set) { return !set.any && set.v6.empty(); };
    const auto only_v6 = [](const AddressSet& set) { return !set.any && set.v4.empty(); };
    const bool v4 = only_v4(s_.source) || only_v4(s_.destination) || s_.protocol == RuleProtocol::kIpv4 ||
                    s_.protocol == RuleProtocol::kIcmpv4;
    const bool v6 = only_v6(s_.source) || only_v6(s_.destination) || s_.protocol == RuleProtocol::kIpv6 ||
                    s_.protocol == RuleProtocol::kIcmpv6;
    if (v4 && v6) found("lint.unreachable", "its addresses and protocol belong to different versions of IP");
  }

  void breadth() {
    const bool state = !s_.flowbit_checks.empty() || !s_.flowint_checks.empty() || !s_.hostbit_checks.empty();
    const bool header = s_.source.any && s_.destination.any && s_.source_ports.any && s_.destination_ports.any;
    if (header && s_.buffers.empty() && s_.conditions.empty() && !state && s_.protocol != RuleProtocol::kApplication) {
      found("lint.too_broad", "nothing but the protocol is asked for: all such traffic matches");
    }
  }

  const Signature& s_;
  const std::vector<Described> conditions_;
  Diagnostics& out_;
};

// --- rules together ---

bool covers(const SharedList<IpRange>& outer, const SharedList<IpRange>& inner) {
  return std::all_of(inner.begin(), inner.end(), [&](const IpRange& r) {
    return std::any_of(outer.begin(), outer.end(),
                       [&](const IpRange& o) { return o.first <= r.first && r.last <= o.last; });
  });
}
bool covers(const AddressSet& outer, const AddressSet& inner) {
  return outer.any || (!inner.any && covers(outer.v4, inner.v4) && covers(outer.v6, inner.v6));
}
bool covers(const PortSet& outer, const PortSet& inner) {
  if (outer.any) return true;
  return !inner.any && std::all_of(inner.ranges.begin(), inner.ranges.end(), [&](const PortRange& r) {
    return std::any_of(outer.ranges.begin(), outer.ranges.end(),
                       [&](const PortRange& o) { return o.first <= r.first && r.last <= o.last; });
  });
}
bool covers(RuleProtocol outer, RuleProtocol inner) {
  if (outer == inner || outer == RuleProtocol::kPkthdr) return true;
  if (outer == RuleProtocol::kIp) return inner != RuleProtocol::kPkthdr;
  return outer == RuleProtocol::kTcp && carries_tcp(inner);
}
bool covers_header(const Signature& outer, const Signature& inner) {
  return covers(outer.protocol, inner.protocol) && covers(outer.source, inner.source) &&
         covers(outer.destination, inner.destination) && covers(outer.source_ports, inner.source_ports) &&
         covers(outer.destination_ports, inner.destination_ports) && (outer.bidirectional || !inner.bidirectional);
}

// A pass rule that asks for no more than a header.
bool passes_all(const Signature& s) {
  return s.action == RuleAction::kPass && s.buffers.empty() && s.conditions.empty() && s.flowbit_checks.empty() &&
         s.flowint_checks.empty() && s.hostbit_checks.empty() && !s.flow.present && !s.threshold && !s.detection_filter;
}

// The text between the header and the first option that only names the rule: two rules that ask for the same.
std::string meaning(const Signature& s) {
  std::string text = s.info->text;
  const std::size_t open = text.find('(');
  if (open == text.npos) return "";
  std::string out = text.substr(0, open);
  std::string_view rest = std::string_view(text).substr(open + 1);
  static constexpr std::array<std::string_view, 8> kNames = {"msg",       "sid",      "rev",      "gid",
                                                             "reference", "metadata", "priority", "classtype"};
  while (!rest.empty()) {
    std::size_t end = 0;
    while (end < rest.size() && (rest[end] != ';' || (end > 0 && rest[end - 1] == '\\'))) ++end;
    std::string_view option = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    while (!option.empty() && option.front() == ' ') option.remove_prefix(1);
    const std::string_view name = option.substr(0, option.find(':'));
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) out.append(option).append(";");
  }
  return out;
}

std::string place(const Signature& s) {
  return "sid " + std::to_string(s.info->sid) + " (" + s.info->source_file.str() + ":" +
         std::to_string(s.info->source_line) + ")";
}

void find_shadowed(const SignatureList& signatures, Diagnostics& out) {
  std::vector<const Signature*> passing;
  std::map<std::string, const Signature*> meanings;
  for (const Signature& s : signatures) {
    const auto by =
        std::find_if(passing.begin(), passing.end(), [&](const Signature* p) { return covers_header(*p, s); });
    if (by != passing.end()) {
      out.warning(s.span, "lint.shadowed",
                  "sid " + std::to_string(s.info->sid) + ": " + place(**by) + " lets all this pass before");
    }
    if (passes_all(s)) passing.push_back(&s);
    const std::string text = meaning(s);
    if (text.empty()) continue;
    const auto [first, is_new] = meanings.emplace(std::to_string(static_cast<int>(s.action)) + text, &s);
    if (!is_new) {
      out.warning(s.span, "lint.shadowed",
                  "sid " + std::to_string(s.info->sid) + ": " + place(*first->second) + " asks for the same");
    }
  }
}

}  // namespace

void lint_rules(const SignatureList& signatures, Diagnostics& out) {
  for (const Signature& s : signatures) RuleLint(s, out).run();
  find_shadowed(signatures, out);
}

}  // namespace bulkhead::signatures
