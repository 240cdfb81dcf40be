#include "signatures/compile/explain_rule.h"

#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "datapath/app/protocol_table.h"
#include "signatures/compile/explain_condition.h"
#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/keyword.h"

namespace bulkhead::signatures {
namespace {

constexpr std::size_t kShownRanges = 4;

std::string number(const Value& v) {
  return v.slot >= 0 ? "variable " + std::to_string(v.slot + 1) : std::to_string(v.number);
}

std::string join(const std::vector<std::string>& parts, const char* last) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? std::string(" ") + last + " " : ", ";
    out += parts[i];
  }
  return out;
}

// The first few, then how many more.
template <typename Range, typename Text>
void append_ranges(std::vector<std::string>& parts, const SharedList<Range>& ranges, Text text) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (parts.size() == kShownRanges && ranges.size() - i > 1) {
      parts.push_back(std::to_string(ranges.size() - i) + " more");
      return;
    }
    parts.push_back(text(ranges[i]));
  }
}

std::string addresses(const AddressSet& set) {
  if (set.any) return "any address";
  std::vector<std::string> parts;
  const auto text = [](const IpRange& r) {
    return r.first == r.last ? r.first.to_string() : r.first.to_string() + "-" + r.last.to_string();
  };
  append_ranges(parts, set.v4, text);
  append_ranges(parts, set.v6, text);
  return join(parts, "or");
}

std::string ports(const PortSet& set) {
  if (set.any) return "";
  std::vector<std::string> parts;
  append_ranges(parts, set.ranges, [](const PortRange& r) {
    return r.first == r.last ? std::to_string(r.first) : std::to_string(r.first) + "-" + std::to_string(r.last);
  });
  return " port " + join(parts, "or");
}

std::string subject(const Signature& s) {
  switch (s.protocol) {
    case RuleProtocol::kIp: return "an IP packet";
    case RuleProtocol::kIpv4: return "an IPv4 packet";
    case RuleProtocol::kIpv6: return "an IPv6 packet";
    case RuleProtocol::kTcp: return s.inspects_stream ? "TCP data" : "a TCP segment";
    case RuleProtocol::kTcpPkt: return "a TCP segment";
    case RuleProtocol::kTcpStream: return "TCP data";
    case RuleProtocol::kUdp: return "a UDP datagram";
    case RuleProtocol::kIcmp: return "an ICMP message";
    case RuleProtocol::kIcmpv4: return "an ICMPv4 message";
    case RuleProtocol::kIcmpv6: return "an ICMPv6 message";
    case RuleProtocol::kSctp: return "an SCTP packet";
    case RuleProtocol::kPkthdr: return "any packet, broken ones too,";
    case RuleProtocol::kApplication: break;
  }
  return s.application + " traffic";
}

std::string action(const Signature& s) {
  using pipeline::RejectTarget;
  using pipeline::RuleAction;
  const bool silent = s.no_alert || (s.action == RuleAction::kPass && !s.force_alert);
  const std::string log = silent ? "" : " and alerts";
  switch (s.action) {
    case RuleAction::kAlert: return silent ? "acts without an alert" : "alerts";
    case RuleAction::kPass: return "lets pass, so that no later rule looks" + log;
    case RuleAction::kDrop: return "drops" + log;
    case RuleAction::kReject: break;
  }
  const char* whom = s.reject == RejectTarget::kBoth          ? "both ends"
                     : s.reject == RejectTarget::kDestination ? "the destination"
                                                              : "the source";
  return "drops, tells " + std::string(whom) + log;
}

std::string flow_text(const FlowRequirement& flow) {
  std::vector<std::string> parts;
  if (flow.to_server) parts.emplace_back("goes to the server");
  if (flow.to_client) parts.emplace_back("goes to the client");
  if (flow.established) parts.emplace_back("belongs to an established connection");
  if (flow.not_established) parts.emplace_back("does not belong to an established connection");
  if (flow.stateless) parts.emplace_back("belongs to a flow of any state");
  if (flow.only_stream) parts.emplace_back("is looked at as reassembled data alone");
  if (flow.no_stream) parts.emplace_back("is looked at packet by packet, not reassembled");
  if (flow.only_fragment) parts.emplace_back("came in fragments");
  if (flow.no_fragment) parts.emplace_back("did not come in fragments");
  return join(parts, "and");
}

std::string name_of(BufferId buffer) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "the payload",     "the IPv4 header",   "the IPv6 header",    "the TCP header",          "the UDP header",
      "the ICMP header", "the ICMPv6 header", "the source address", "the destination address", "the decoded base64"};
  const auto index = static_cast<std::size_t>(buffer);
  if (index < kNames.size()) return std::string(kNames[index]);
  // The sentence of the protocol's table, and the keyword for those who look it up.
  const app::BufferDef& def = *app::buffer_entry(buffer_number(buffer)).def;
  std::string what(def.help);
  const bool acronym = what.size() > 1 && std::isupper(static_cast<unsigned char>(what[1])) != 0;
  if (!what.empty() && !acronym) what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  return what + " (" + std::string(def.keyword) + ")";
}

std::string name_of(const Transform& t) {
  static constexpr std::array<std::string_view, 13> kNames = {"blanks compressed",
                                                              "a dot in front",
                                                              "header names in lower case",
                                                              "a group of an expression cut out",
                                                              "pseudo headers cut",
                                                              "blanks cut",
                                                              "in lower case",
                                                              "as MD5 digest",
                                                              "as SHA-1 digest",
                                                              "as SHA-256 digest",
                                                              "in upper case",
                                                              "URL-decoded",
                                                              "combined with a key"};
  return std::string(kNames[static_cast<std::size_t>(t.kind)]);
}

std::string field_text(const NumberField& f) {
  std::string out = number(f.count) + (f.base == NumberBase::kBinary ? " bytes" : " digits");
  out += f.relative ? ", " + number(f.offset) + " behind the match before" : " at " + number(f.offset);
  if (f.order == ByteOrder::kLittle) out += ", little endian";
  if (f.bitmask != 0) out += ", masked";
  return out;
}

constexpr std::array<std::string_view, 7> kCompareNames = {
    "is", "is below", "is above", "is at most", "is at least", "shares bits with", "differs from"};
constexpr std::array<std::string_view, 6> kMathSigns = {"plus",       "minus",           "times",
                                                        "divided by", "shifted left by", "shifted right by"};

// One option of a buffer as the end of "... in which".
struct OpText {
  std::string operator()(const ContentOp& c) const {
    std::string out = (c.negated ? "there is no \"" : "there is \"") + pattern_text(c.bytes) + "\"";
    if (c.nocase) out += " in any case";
    if (c.starts_with) out += " at the start";
    if (c.ends_with) out += " at the end";
    if (c.has_offset && !c.starts_with) out += " from byte " + number(c.offset);
    if (c.has_depth && !c.starts_with) out += " within " + number(c.depth) + " bytes";
    if (c.has_distance) out += ", at least " + number(c.distance) + " bytes behind the match before";
    if (c.has_within) out += ", within " + number(c.within) + " bytes of it";
    return out;
  }
  std::string operator()(const PcreOp& p) const {
    return std::string(p.negated ? "does not match" : "matches") + " /" + p.pattern + "/" + (p.caseless ? "i" : "") +
           (p.relative ? " behind the match before" : "");
  }
  std::string operator()(const ByteTestOp& t) const {
    return "the number of " + field_text(t.field) + ", " + (t.negated ? "not so that it " : "") +
           std::string(kCompareNames[static_cast<std::size_t>(t.compare)]) + " " + number(t.value);
  }
  std::string operator()(const ByteJumpOp& j) const {
    std::string out = "the next option begins where the number of " + field_text(j.field) + " leads";
    if (j.multiplier != 1) out += ", times " + std::to_string(j.multiplier);
    if (j.align) out += ", rounded up to four bytes";
    out += j.from_beginning ? ", counted from the start" : j.from_end ? ", counted from the end" : "";
    if (j.post_offset_variable.slot >= 0) return out + ", and " + number(j.post_offset_variable) + " further";
    if (j.post_offset != 0) out += ", and " + std::to_string(j.post_offset) + " further";
    return out;
  }
  std::string operator()(const ByteExtractOp& e) const {
    return "variable " + std::to_string(e.slot + 1) + " is the number of " + field_text(e.field);
  }
  std::string operator()(const ByteMathOp& m) const {
    return "variable " + std::to_string(m.slot + 1) + " is the number of " + field_text(m.field) + " " +
           std::string(kMathSigns[static_cast<std::size_t>(m.operation)]) + " " + number(m.right);
  }
  std::string operator()(const IsDataAtOp& d) const {
    return std::string(d.negated ? "there are no bytes" : "there are bytes") + " at " + number(d.position) +
           (d.relative ? " behind the match before" : "");
  }
  std::string operator()(const BufferSizeOp& b) const {
    static constexpr std::array<std::string_view, 6> kNames = {"exactly", "not",     "below",
                                                               "above",   "at most", "at least"};
    if (b.mode == BufferSizeOp::Mode::kRange) {
      return "the size is between " + std::to_string(b.low) + " and " + std::to_string(b.high);
    }
    return "the size is " + std::string(kNames[static_cast<std::size_t>(b.mode)]) + " " + std::to_string(b.low);
  }
  std::string operator()(const Base64DecodeOp& b) const {
    std::string out = "there is base64 text";
    if (b.offset != 0) out += " from byte " + std::to_string(b.offset);
    if (b.relative) out += " behind the match before";
    if (b.bytes != 0) out += ", of which " + std::to_string(b.bytes) + " bytes are decoded";
    return out;
  }
  std::string operator()(const DatasetOp& d) const {
    static constexpr std::array<std::string_view, 4> kNames = {"is in the set ", "is not in the set ",
                                                               "is new to the set ", "is taken out of the set "};
    return std::string(kNames[static_cast<std::size_t>(d.command)]) + d.set->name();
  }
  std::string operator()(const DatarepOp& d) const {
    return "its value in the set " + d.set->name() + " " +
           std::string(kCompareNames[static_cast<std::size_t>(d.compare)]) + " " + std::to_string(d.value);
  }
  std::string operator()(const Asn1Op& a) const {
    std::vector<std::string> parts;
    if (a.bitstring_overflow) parts.emplace_back("a bit string longer than its bytes");
    if (a.double_overflow) parts.emplace_back("a number too long for a double");
    if (a.oversize_length) parts.push_back("a length above " + std::to_string(*a.oversize_length));
    return "the BER elements have " + join(parts, "or");
  }
};

std::string bits_text(const FlowbitOp& op, const VariableNames& names) {
  std::vector<std::string> parts;
  for (const std::uint32_t bit : op.bits) parts.push_back(names.flowbits.name(bit));
  return join(parts, "or");
}

std::string flowint_text(const FlowintOp& op, const VariableNames& names) {
  using Command = FlowintOp::Command;
  const std::string value =
      op.value_variable ? "the number " + names.flowints.name(*op.value_variable) : std::to_string(op.value);
  switch (op.command) {
    case Command::kSet: return "becomes " + value;
    case Command::kAdd: return "grows by " + value;
    case Command::kSubtract: return "shrinks by " + value;
    case Command::kLess: return "is below " + value;
    case Command::kLessEqual: return "is at most " + value;
    case Command::kEqual: return "is " + value;
    case Command::kNotEqual: return "is not " + value;
    case Command::kGreaterEqual: return "is at least " + value;
    case Command::kGreater: return "is above " + value;
    case Command::kIsSet: return "has been set";
    case Command::kNotSet: return "has not been set";
  }
  return {};
}

std::string owner_of(const HostbitOp& op) {
  static constexpr std::array<std::string_view, 3> kOwners = {"the source host", "the destination host",
                                                              "the pair of hosts"};
  return std::string(kOwners[static_cast<std::size_t>(op.track)]);
}

std::string tag_text(const TagSpec& tag) {
  static constexpr std::array<std::string_view, 3> kMetrics = {" packets", " seconds", " bytes"};
  const std::string whose = !tag.host ? "the connection" : tag.by_source ? "the source host" : "the destination host";
  return "After the alert the next " + std::to_string(tag.count) +
         std::string(kMetrics[static_cast<std::size_t>(tag.metric)]) + " of " + whose + " are logged too.\n";
}

void add_state(const Signature& s, const VariableNames& names, std::string& out) {
  for (const FlowbitOp& op : s.flowbit_checks) {
    out += "  and an earlier rule " + std::string(op.command == FlowbitOp::Command::kIsSet ? "has" : "has not") +
           " set the flow's bit " + bits_text(op, names) + "\n";
  }
  for (const FlowintOp& op : s.flowint_checks) {
    out += "  and the flow's number " + names.flowints.name(op.variable) + " " + flowint_text(op, names) + "\n";
  }
  for (const HostbitOp& op : s.hostbit_checks) {
    out += "  and the bit " + names.host_bits.name(op.bit) + " of " + owner_of(op) + " is" +
           (op.command == HostbitOp::Command::kIsSet ? "" : " not") + " set\n";
  }
}

void add_effects(const Signature& s, const VariableNames& names, std::string& out) {
  for (const FlowbitOp& op : s.flowbit_changes) {
    const char* verb = op.command == FlowbitOp::Command::kSet     ? "sets"
                       : op.command == FlowbitOp::Command::kUnset ? "clears"
                                                                  : "turns over";
    out += "It " + std::string(verb) + " the flow's bit " + bits_text(op, names) + ".\n";
  }
  for (const FlowintOp& op : s.flowint_changes) {
    out += "The flow's number " + names.flowints.name(op.variable) + " " + flowint_text(op, names) + ".\n";
  }
  for (const HostbitOp& op : s.hostbit_changes) {
    const char* verb = op.command == HostbitOp::Command::kSet     ? "sets"
                       : op.command == HostbitOp::Command::kUnset ? "clears"
                                                                  : "turns over";
    out += "It " + std::string(verb) + " the bit " + names.host_bits.name(op.bit) + " of " + owner_of(op);
    if (op.command == HostbitOp::Command::kSet && op.expire_seconds != 0) {
      out += " for " + std::to_string(op.expire_seconds) + " s";
    }
    out += ".\n";
  }
  for (const TagSpec& tag : s.tags) out += tag_text(tag);
  if (s.file_storing) {
    static constexpr std::array<std::string_view, 3> kScopes = {"the file", "the files of the transaction",
                                                                "the files of the flow"};
    out += "It stores " + std::string(kScopes[static_cast<std::size_t>(s.file_storing->scope)]) + ".\n";
  }
  if (s.logging_off != Signature::LoggingOff::kNo) {
    out += s.logging_off == Signature::LoggingOff::kFlow ? "No more records of the flow's transactions are written.\n"
                                                         : "No record of the transaction is written.\n";
  }
  if (s.bypass) out += "After a match nothing more of the flow is looked at.\n";
  if (s.target != 0) {
    out += "The " + std::string(s.target == 1 ? "source" : "destination") + " is the one that is attacked.\n";
  }
}

void add_threshold(const ThresholdSpec& t, std::string& out) {
  static constexpr std::array<std::string_view, 4> kTracks = {"source", "destination", "pair of hosts", "rule"};
  using Kind = ThresholdSpec::Kind;
  const std::string often = std::to_string(t.count), seconds = std::to_string(t.seconds) + " s";
  const std::string track = " for each " + std::string(kTracks[static_cast<std::size_t>(t.track)]);
  switch (t.kind) {
    case Kind::kLimit:
      out += "At most " + often + (t.count == 1 ? " alert in " : " alerts in ") + seconds + track + ".\n";
      break;
    case Kind::kThreshold: out += "Only every " + often + ". match in " + seconds + track + " alerts.\n"; break;
    case Kind::kBoth: out += "One alert in " + seconds + track + ", at the " + often + ". match.\n"; break;
    case Kind::kDetectionFilter: out += "Only matches beyond " + often + " in " + seconds + track + " count.\n"; break;
    case Kind::kRate:
      out += "Beyond " + often + " matches in " + seconds + track + " another action holds for " +
             std::to_string(t.timeout_seconds) + " s.\n";
      break;
    case Kind::kSuppress: out += "Alerts are suppressed for " + addresses(t.suppress_addresses) + ".\n"; break;
  }
}

void add_cost(const Signature& s, std::string& out) {
  if (s.fast_op >= 0) {
    out += "It is looked at only where \"" + pattern_text(s.fast_bytes) + "\" was seen.\n";
  } else if (s.ip_only) {
    out += "It is decided by the addresses, once for each flow and direction.\n";
  } else if (s.decode_events_only) {
    out += "It is looked at only for packets with decoder events.\n";
  } else {
    out += "No pattern selects it: it is looked at for every packet that fits its addresses, ports and flow.\n";
  }
}

}  // namespace

std::string pattern_text(std::string_view bytes) {
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

std::string explain_rule(const Signature& s, const VariableNames& names) {
  const event::SignatureInfo& info = *s.info;
  std::string out = "sid " + std::to_string(info.sid) + " rev " + std::to_string(info.rev) + " \"" + info.message +
                    "\" (" + info.source_file.str() + ":" + std::to_string(info.source_line) + ")\n";
  out += "It " + action(s) + " with priority " + std::to_string(s.priority) +
         (info.category.empty() ? "" : " (" + info.category.str() + ")") + " when\n";
  out += "  " + subject(s) + " goes from " + addresses(s.source) + ports(s.source_ports) + " to " +
         addresses(s.destination) + ports(s.destination_ports) + (s.bidirectional ? ", or the other way," : "") + "\n";
  if (const std::string flow = flow_text(s.flow); !flow.empty()) out += "  and " + flow + "\n";
  for (const PacketConditionPtr& condition : s.conditions) {
    out += "  and " + explain_condition(condition->describe()) + "\n";
  }
  for (const TransactionCondition& condition : s.transaction_conditions) {
    out += "  and " + explain_condition(condition.text) + "\n";
  }
  for (const FileCondition& condition : s.file_conditions) out += "  and " + explain_condition(condition.text) + "\n";
  for (const BufferProgram& program : s.buffers) {
    out += "  and in " + name_of(program.buffer);
    for (const Transform& t : program.transforms) out += ", " + name_of(t);
    out += ":\n";
    if (program.ops.empty()) out += "    anything at all\n";
    for (const PayloadOp& op : program.ops) out += "    " + std::visit(OpText{}, op) + "\n";
  }
  add_state(s, names, out);
  add_effects(s, names, out);
  if (s.threshold) add_threshold(*s.threshold, out);
  if (s.detection_filter) add_threshold(*s.detection_filter, out);
  for (const ThresholdSpec& t : s.external_thresholds) add_threshold(t, out);
  add_cost(s, out);
  return out;
}

}  // namespace bulkhead::signatures
