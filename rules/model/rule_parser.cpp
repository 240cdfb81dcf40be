#include "rules/model/rule_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "datapath/base/flow_key.h"
#include "rules/model/protocol_names.h"
#include "rules/model/text_cursor.h"

namespace bulkhead::rules {

namespace {

using Wrong = std::optional<TextProblem>;

TextProblem problem(std::size_t offset, std::size_t length, const char* code, std::string message,
                    std::string hint = {}) {
  return {offset, length == 0 ? 1 : length, code, std::move(message), std::move(hint)};
}

std::optional<unsigned> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ends_in_word(std::string_view token) {
  const std::string_view last = token.substr(token.rfind('.') + 1);
  return last.size() >= 2 && std::all_of(last.begin(), last.end(), is_letter);
}

bool looks_like_address(std::string_view token) {
  // A digit first, or a colon: labels may hold digits and dots, but a key is followed by an operator.
  if (token.empty() || token.find('=') != std::string_view::npos) return false;
  if (token.find(':') != std::string_view::npos) return true;
  return token[0] >= '0' && token[0] <= '9' && !ends_in_word(token);
}

// A word with a dot, at the cursor, that no operator makes a label key.
bool looks_like_name(TextCursor cursor) {
  std::string_view token = cursor.token();
  if (token.ends_with('.')) token.remove_suffix(1);
  const std::string_view word = token.starts_with("*.") ? token.substr(2) : token;
  const bool letters = std::all_of(word.begin(), word.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!letters || word.find('.') == std::string_view::npos || word.front() == '.' || !ends_in_word(word)) return false;
  const std::string_view next = cursor.peek_word();
  return next != "in" && next != "not" && cursor.peek() != '=' && !cursor.starts_with("!=");
}

Wrong parse_prefix(TextCursor& cursor, IpPrefix& out) {
  const std::size_t at = cursor.offset();
  const std::string_view token = cursor.token();
  const auto prefix = IpPrefix::parse(token);
  if (!prefix) {
    return problem(at, token.size(), "policy.peer.bad_cidr", "\"" + std::string(token) + "\" is no address or CIDR",
                   "10.0.0.0/8, 192.0.2.1, fd00::/8");
  }
  out = *prefix;
  return std::nullopt;
}

Wrong parse_holes(TextCursor& cursor, Peer& peer) {
  while (cursor.take("!")) {
    const std::size_t at = cursor.offset();
    const std::size_t length = cursor.token_length();
    IpPrefix hole;
    if (auto wrong = parse_prefix(cursor, hole)) return wrong;
    const bool block = peer.kind == Peer::Kind::kCidr;
    if (block && (!peer.cidr.contains(hole.address) || hole.length < peer.cidr.length)) {
      return problem(at, length, "policy.peer.except_outside",
                     hole.to_string() + " is not inside " + peer.cidr.to_string());
    }
    peer.except.push_back(hole);
  }
  return std::nullopt;
}

Wrong parse_cidr_peer(TextCursor& cursor, Peer& peer) {
  peer.kind = Peer::Kind::kCidr;
  if (auto wrong = parse_prefix(cursor, peer.cidr)) return wrong;
  return parse_holes(cursor, peer);
}

// Where the selector of a peer ends: at a comma outside parentheses, or at "on" or "log" as words.
std::size_t selector_end(std::string_view text, std::size_t at) {
  TextCursor cursor(text);
  cursor.move_to(at);
  int depth = 0;
  while (!cursor.at_end()) {
    const char c = cursor.peek();
    const std::string_view word = cursor.peek_word();
    if (depth == 0 && (c == ',' || ((word == "on" || word == "log") && cursor.offset() != at))) break;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == '=') {
      // The word that touches "=" is a value, even when it reads "on" or "log".
      cursor.take_tight("=");
      cursor.word();
    } else if (word.empty()) {
      cursor.take(text.substr(cursor.offset(), 1));
    } else {
      cursor.word();
    }
  }
  return cursor.offset();
}

Wrong parse_selector_words(std::string_view text, TextCursor& cursor, Peer& peer) {
  const std::size_t begin = cursor.offset();
  const std::size_t end = selector_end(text, begin);
  auto parsed = parse_selector(text.substr(begin, end - begin));
  if (auto* wrong = std::get_if<TextProblem>(&parsed)) {
    wrong->offset += begin;
    return *wrong;
  }
  peer.selector = std::get<Selector>(std::move(parsed));
  cursor.move_to(end);
  return std::nullopt;
}

// Words that may follow "nodes".
Wrong parse_node_labels(std::string_view text, TextCursor& cursor, Peer& peer) {
  const std::size_t at = cursor.offset();
  const std::string_view word = cursor.peek_word();
  if (cursor.at_end() || cursor.peek() == ',' || word == "on" || word == "log") return std::nullopt;
  if (auto wrong = parse_selector_words(text, cursor, peer)) return wrong;
  for (const Requirement& r : peer.selector.all) {
    if (r.subject == Requirement::Subject::kLabel || r.subject == Requirement::Subject::kNode) continue;
    return problem(at, cursor.offset() - at, "policy.peer.node_words", "a node has no namespace and no pod name",
                   "nodes role=edge, nodes node=n1");
  }
  return std::nullopt;
}

Wrong parse_set(TextCursor& cursor, Peer& peer) {
  peer.kind = Peer::Kind::kSet;
  cursor.take_tight("set=");
  const std::size_t at = cursor.offset();
  peer.name = cursor.word();
  if (peer.name.empty()) return problem(at, 1, "policy.peer.missing", "expected the name of a set", "set=offices");
  return std::nullopt;
}

Wrong parse_peer(std::string_view text, TextCursor& cursor, Peer& peer) {
  const std::string_view token = cursor.peek_token();
  if (looks_like_address(token)) return parse_cidr_peer(cursor, peer);
  static constexpr std::pair<std::string_view, Peer::Kind> kWords[] = {
      {"any", Peer::Kind::kAny},          {"world", Peer::Kind::kWorld},   {"nodes", Peer::Kind::kNodes},
      {"own-node", Peer::Kind::kOwnNode}, {"pods", Peer::Kind::kSelector}, {"self-ns", Peer::Kind::kSelfNamespace}};
  for (const auto& [word, kind] : kWords) {
    if (token != word) continue;
    peer.kind = kind;
    cursor.token();
    if (kind == Peer::Kind::kAny || kind == Peer::Kind::kWorld) return parse_holes(cursor, peer);
    return kind == Peer::Kind::kNodes ? parse_node_labels(text, cursor, peer) : std::nullopt;
  }
  if (token.empty()) {
    return problem(cursor.offset(), 1, "policy.peer.missing", "expected a peer",
                   "any, world, nodes, own-node, pods, self-ns, a CIDR, a domain name, set=NAME or a selector such as "
                   "ns=web app=gateway");
  }
  if (token.starts_with("set=")) return parse_set(cursor, peer);
  if (looks_like_name(cursor)) {
    peer.kind = Peer::Kind::kDnsName;
    peer.name = cursor.token();
    return std::nullopt;
  }
  peer.kind = Peer::Kind::kSelector;
  return parse_selector_words(text, cursor, peer);
}

Wrong parse_peer_list(std::string_view text, TextCursor& cursor, std::vector<Peer>& peers) {
  do {
    Peer peer;
    if (auto wrong = parse_peer(text, cursor, peer)) return wrong;
    peers.push_back(std::move(peer));
  } while (cursor.take(","));
  return std::nullopt;
}

std::uint16_t icmp_key(unsigned type, unsigned code) {
  return static_cast<std::uint16_t>(type << 8 | code);
}

Wrong add_icmp(std::uint8_t protocol, bool both, std::string_view type, std::size_t at, std::vector<PortMatch>& ports) {
  if (const IcmpName* name = icmp_by_name(type)) {
    const std::size_t before = ports.size();
    if (name->v4 >= 0 && protocol == ip_proto::kIcmp) {
      const auto t = static_cast<unsigned>(name->v4);
      ports.push_back({ip_proto::kIcmp, icmp_key(t, 0), icmp_key(t, 255)});
    }
    if (name->v6 >= 0 && (both || protocol == ip_proto::kIcmpv6)) {
      const auto t = static_cast<unsigned>(name->v6);
      ports.push_back({ip_proto::kIcmpv6, icmp_key(t, 0), icmp_key(t, 255)});
    }
    if (ports.size() != before) return std::nullopt;
    return problem(at, type.size(), "policy.port.bad_icmp", "ICMPv6 has no type \"" + std::string(type) + "\"");
  }
  const std::size_t dot = type.find('.');
  const auto number_of_type = number(type.substr(0, dot), 255);
  const auto code = dot == std::string_view::npos ? std::optional<unsigned>(0) : number(type.substr(dot + 1), 255);
  if (!number_of_type || !code) {
    const std::string near = nearest_word(type, icmp_words());
    return problem(
        at, type.size(), "policy.port.bad_icmp", "\"" + std::string(type) + "\" is no ICMP type",
        near.empty() ? "a name such as echo-request, a number, or type.code" : "did you mean \"" + near + "\"?");
  }
  const unsigned last_code = dot == std::string_view::npos ? 255 : *code;
  ports.push_back({protocol, icmp_key(*number_of_type, *code), icmp_key(*number_of_type, last_code)});
  return std::nullopt;
}

Wrong add_name(std::uint8_t protocol, std::string_view name, std::size_t at, PortList& ports) {
  const bool good = !name.empty() && name.size() <= 15 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!good) {
    return problem(at, name.size() + 1, "policy.port.bad_name", "\"" + std::string(name) + "\" is no port name",
                   "at most 15 of a-z, 0-9 and -: tcp/@https");
  }
  ports.names.push_back({std::string(name), protocol});
  return std::nullopt;
}

Wrong add_range(std::uint8_t protocol, std::string_view range, std::size_t at, PortList& list) {
  std::vector<PortMatch>& ports = list.numbers;
  if (protocol != ip_proto::kTcp && protocol != ip_proto::kUdp && protocol != ip_proto::kSctp) {
    return problem(at, range.size(), "policy.port.no_ports", "protocol " + protocol_name(protocol) + " has no ports",
                   "write the protocol alone");
  }
  if (range.starts_with('@')) return add_name(protocol, range.substr(1), at, list);
  const std::size_t dash = range.find('-');
  const auto first = number(range.substr(0, dash), 65535);
  const auto last = dash == std::string_view::npos ? first : number(range.substr(dash + 1), 65535);
  if (!first || !last) {
    return problem(at, range.size(), "policy.port.bad_number",
                   "\"" + std::string(range) + "\" is no port or range of 0 to 65535", "tcp/443, tcp/9100-9110");
  }
  if (*first > *last) {
    return problem(at, range.size(), "policy.port.backwards", "the range ends before it begins");
  }
  ports.push_back({protocol, static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)});
  return std::nullopt;
}

Wrong parse_port(TextCursor& cursor, PortList& list) {
  std::vector<PortMatch>& ports = list.numbers;
  const std::size_t at = cursor.offset();
  const std::string_view token = cursor.token();
  if (token.starts_with('@')) return add_name(0, token.substr(1), at, list);
  if (token.empty()) return problem(at, 1, "policy.port.missing", "expected a port", "tcp/443");
  const std::size_t slash = token.find('/');
  const std::string_view name = token.substr(0, slash);
  const auto protocol = protocol_number(name);
  if (!protocol) {
    const std::string near = nearest_word(name, protocol_words());
    return problem(at, name.size(), "policy.port.unknown_protocol", "unknown protocol \"" + std::string(name) + "\"",
                   near.empty() ? "tcp, udp, sctp, icmp, icmp6 or a number" : "did you mean \"" + near + "\"?");
  }
  const bool icmp_both = name == "icmp";
  if (slash == std::string_view::npos) {
    ports.push_back({*protocol, 0, 65535});
    if (icmp_both) ports.push_back({ip_proto::kIcmpv6, 0, 65535});
    return std::nullopt;
  }
  const std::string_view rest = token.substr(slash + 1);
  if (*protocol == ip_proto::kIcmp || *protocol == ip_proto::kIcmpv6) {
    return add_icmp(*protocol, icmp_both, rest, at + slash + 1, ports);
  }
  return add_range(*protocol, rest, at + slash + 1, list);
}

Wrong parse_port_list(TextCursor& cursor, PortList& ports) {
  do {
    if (auto wrong = parse_port(cursor, ports)) return wrong;
  } while (cursor.take(","));
  return std::nullopt;
}

Wrong trailing(const TextCursor& cursor) {
  if (cursor.at_end()) return std::nullopt;
  return problem(cursor.offset(), cursor.token_length(), "policy.rule.trailing",
                 "cannot read the rest of this rule from here", "ACTION from|to PEER on PROTOCOL/PORT log LABEL");
}

Wrong parse_direction(std::string_view text, TextCursor& cursor, PolicyRule& rule) {
  const std::string_view word = cursor.peek_word();
  if (word != "from" && word != "to") return std::nullopt;
  if ((word == "from") != (rule.end == FlowEnd::kIngress)) {
    return problem(
        cursor.offset(), word.size(), "policy.rule.direction",
        std::string(to_string(rule.end)) + " rules say \"" + (rule.end == FlowEnd::kIngress ? "from" : "to") + "\"");
  }
  cursor.word();
  return parse_peer_list(text, cursor, rule.peers);
}

}  // namespace

std::optional<Action> parse_action(std::string_view word) {
  if (word == "allow") return Action::kAllow;
  if (word == "deny") return Action::kDeny;
  if (word == "reject") return Action::kReject;
  if (word == "pass") return Action::kPass;
  return std::nullopt;
}

Parsed<PolicyRule> parse_rule(std::string_view sentence, FlowEnd end) {
  TextCursor cursor(sentence);
  PolicyRule rule;
  rule.end = end;
  const std::size_t at = cursor.offset();
  const std::string_view verb = cursor.word();
  const auto action = parse_action(verb);
  if (!action) {
    const std::string near = nearest_word(verb, {"allow", "deny", "reject", "pass"});
    return problem(at, verb.size(), "policy.rule.unknown_action", "unknown action \"" + std::string(verb) + "\"",
                   near.empty() ? "allow, deny, reject or pass" : "did you mean \"" + near + "\"?");
  }
  rule.action = *action;
  if (auto wrong = parse_direction(sentence, cursor, rule)) return *wrong;
  if (cursor.take_word("on")) {
    PortList ports;
    if (auto wrong = parse_port_list(cursor, ports)) return *wrong;
    rule.ports = std::move(ports.numbers);
    rule.named_ports = std::move(ports.names);
  }
  if (cursor.take_word("log")) rule.log = LogSpec{std::string(cursor.word()), 10};
  if (auto wrong = trailing(cursor)) return *wrong;
  return rule;
}

Parsed<std::vector<Peer>> parse_peers(std::string_view text) {
  TextCursor cursor(text);
  std::vector<Peer> peers;
  if (auto wrong = parse_peer_list(text, cursor, peers)) return *wrong;
  if (auto wrong = trailing(cursor)) return *wrong;
  return peers;
}

Parsed<PortList> parse_ports(std::string_view text) {
  TextCursor cursor(text);
  PortList ports;
  if (auto wrong = parse_port_list(cursor, ports)) return *wrong;
  if (auto wrong = trailing(cursor)) return *wrong;
  return ports;
}

}  // namespace bulkhead::rules
