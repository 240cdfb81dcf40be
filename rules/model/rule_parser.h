// One rule as a sentence, and the parts that the map form shares with it.
//
//   RULE  := ACTION [("from" | "to") PEERS] ["on" PORTS] ["log" [LABEL]]
//   PEERS := PEER ("," PEER)*           from for ingress, to for egress; absent: any
//   PEER  := (any | world | CIDR) ("!" CIDR)* | pods | self-ns | own-node | nodes [SELECTOR] | set=NAME
//            | DNS-NAME | SELECTOR
//   PORTS := PORT ("," PORT)*           tcp/443  tcp/9100-9110  udp  sctp/36412  icmp/echo-request
//                                       icmp/8 and icmp/3.4 are ICMPv4 numbers, icmp6/128 ICMPv6
//                                       tcp/@https, @https: the port that the destination names so
//
// DNS-NAME a word with a dot that no operator follows: example.org, *.example.org
// Families one text serves both: icmp and icmp/NAME mean ICMPv4 and ICMPv6; a NAME that one family
//          lacks means the other alone. Numbers are per family.
// Thread   pure functions. Errors  TextProblem with the offset in the text.
// Tests    tests/unit/rules/model/rule_parser_test.cpp, tests/fuzz/fuzz_policy_rule.cpp
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "rules/model/policy.h"

namespace bulkhead::rules {

template <typename T>
using Parsed = std::variant<T, TextProblem>;

struct PortList {
  std::vector<PortMatch> numbers;
  std::vector<NamedPort> names;
};

[[nodiscard]] Parsed<PolicyRule> parse_rule(std::string_view sentence, FlowEnd end);
[[nodiscard]] Parsed<std::vector<Peer>> parse_peers(std::string_view text);
[[nodiscard]] Parsed<PortList> parse_ports(std::string_view text);
[[nodiscard]] std::optional<Action> parse_action(std::string_view word);

}  // namespace bulkhead::rules
