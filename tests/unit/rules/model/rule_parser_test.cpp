#include "rules/model/rule_parser.h"

#include <gtest/gtest.h>

#include "datapath/base/flow_key.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::rules {
namespace {

PolicyRule parse(const std::string& text, FlowEnd end = FlowEnd::kIngress) {
  auto parsed = parse_rule(text, end);
  if (const auto* wrong = std::get_if<TextProblem>(&parsed)) {
    ADD_FAILURE() << text << ": " << wrong->message << " at " << wrong->offset;
    return {};
  }
  return std::get<PolicyRule>(parsed);
}

TEST(RuleParser, Sentences) {
  const PolicyRule rule = parse("allow from ns=web app=gateway, 10.20.0.0/16 !10.20.9.0/24 on tcp/8443, udp/53 log in");
  EXPECT_EQ(rule.action, Action::kAllow);
  ASSERT_EQ(rule.peers.size(), 2U);
  EXPECT_EQ(rule.peers[0].kind, Peer::Kind::kSelector);
  EXPECT_EQ(rule.peers[0].selector.all.size(), 2U);
  EXPECT_EQ(rule.peers[1].cidr.to_string(), "10.20.0.0/16");
  ASSERT_EQ(rule.peers[1].except.size(), 1U);
  EXPECT_EQ(rule.ports, (std::vector<PortMatch>{{6, 8443, 8443}, {17, 53, 53}}));
  ASSERT_TRUE(rule.log);
  EXPECT_EQ(rule.log->label, "in");

  EXPECT_TRUE(parse("deny").peers.empty());
  EXPECT_TRUE(parse("deny log").log.has_value());
  EXPECT_EQ(parse("pass to pods", FlowEnd::kEgress).action, Action::kPass);
  EXPECT_EQ(parse("reject to any", FlowEnd::kEgress).peers[0].kind, Peer::Kind::kAny);
  EXPECT_EQ(parse("allow from self-ns, nodes, world").peers.size(), 3U);
  EXPECT_EQ(parse("allow from app=on on tcp").ports.size(), 1U) << "a value may read \"on\"";
  EXPECT_EQ(parse("allow from app in (log, on) on udp/1-2").ports[0], (PortMatch{17, 1, 2}));
  EXPECT_EQ(parse("allow from fd00::/8 on tcp/9100-9110").peers[0].cidr.to_string(), "fd00::/8");
  EXPECT_EQ(parse("allow from 10.1.2.3/8").peers[0].cidr.to_string(), "10.0.0.0/8") << "host bits are legal";
}

TEST(RuleParser, OneTextBothFamilies) {
  EXPECT_EQ(parse("allow from any on icmp").ports, (std::vector<PortMatch>{{1, 0, 65535}, {58, 0, 65535}}));
  EXPECT_EQ(parse("allow from any on icmp/echo-request").ports,
            (std::vector<PortMatch>{{1, 0x0800, 0x08ff}, {58, 0x8000, 0x80ff}}));
  EXPECT_EQ(parse("allow from any on icmp/3.4").ports, (std::vector<PortMatch>{{1, 0x0304, 0x0304}}));
  EXPECT_EQ(parse("allow from any on icmp6/128").ports, (std::vector<PortMatch>{{58, 0x8000, 0x80ff}}));
  EXPECT_EQ(parse("allow from any on icmp/packet-too-big").ports, (std::vector<PortMatch>{{58, 0x0200, 0x02ff}}));
  EXPECT_EQ(parse("allow from any on 47, gre").ports, (std::vector<PortMatch>{{47, 0, 65535}, {47, 0, 65535}}));
}

TEST(RuleParser, PrintedRulesParseToThemselves) {
  for (const char* text :
       {"allow from ns=web app=gateway on tcp/8443", "deny from any log pay-in",
        "reject from world, nodes on icmp/8, icmp6/128",
        "allow from 10.20.0.0/16 !10.20.9.0/24 !10.20.10.1/32 on tcp/9100-9110", "pass from self-ns on udp",
        "deny from pods log", "allow from set=offices, own-node on tcp/80, tcp/@https, @dns",
        "deny from any !10.0.0.0/8 !fd00::/8, world !192.0.2.1/32", "allow from nodes role=edge node!=n1 on tcp/22",
        "allow from label.ns=x label.pod in (a, b) has label.ns.team label.on=off",
        "allow from label.1.2 in (a, b), label.any not in (c, d)", "allow from any on icmp, tcp/1",
        "allow from any on 1", "allow from any on icmp6"}) {
    const PolicyRule rule = parse(text);
    EXPECT_EQ(rule.to_string(), text);
    const PolicyRule again = parse(rule.to_string());
    EXPECT_EQ(again.peers, rule.peers);
    EXPECT_EQ(again.ports, rule.ports);
  }
}

TEST(RuleParser, NamesAndLabelsWithDots) {
  EXPECT_EQ(parse("allow to *.example.org, a.b.example.org. on tcp/443", FlowEnd::kEgress).to_string(),
            "allow to *.example.org, a.b.example.org. on tcp/443");
  EXPECT_EQ(parse("allow to 1e100.net", FlowEnd::kEgress).peers[0].kind, Peer::Kind::kDnsName);
  for (const char* selector : {"example.org=yes", "example.org in (a)", "example.org not in (a)", "has example.org"}) {
    EXPECT_EQ(parse(std::string("allow from ") + selector).peers.at(0).kind, Peer::Kind::kSelector) << selector;
  }
  EXPECT_TRUE(dns_name_matches("*.Example.org", "a.b.example.ORG."));
  EXPECT_FALSE(dns_name_matches("*.example.org", "example.org"));
  EXPECT_FALSE(dns_name_matches("*.example.org", "my-example.org"));
  EXPECT_TRUE(dns_name_matches("Example.org.", "example.org"));
}

TEST(RuleParser, WrongTextHasCodeAndPlace) {
  struct Case {
    const char* text;
    const char* code;
    std::size_t offset;
  };
  for (const Case& c : {Case{"alow from any", "policy.rule.unknown_action", 0},
                        {"", "policy.rule.unknown_action", 0},
                        {"allow to any", "policy.rule.direction", 6},
                        {"allow from", "policy.peer.missing", 10},
                        {"allow from any, on tcp", "policy.selector.syntax", 19},
                        {"allow from 10.0.0.300", "policy.peer.bad_cidr", 11},
                        {"allow from 10.0.0.0/33", "policy.peer.bad_cidr", 11},
                        {"allow from 10.0.0.0/8 !11.0.0.0/9", "policy.peer.except_outside", 23},
                        {"allow from 10.0.0.0/8 !0.0.0.0/0", "policy.peer.except_outside", 23},
                        {"allow from any on tpc/80", "policy.port.unknown_protocol", 18},
                        {"allow from any on tcp/", "policy.port.bad_number", 22},
                        {"allow from any on tcp/65536", "policy.port.bad_number", 22},
                        {"allow from any on tcp/90-80", "policy.port.backwards", 22},
                        {"allow from any on tcp/@Http", "policy.port.bad_name", 22},
                        {"allow from any on @", "policy.port.bad_name", 18},
                        {"allow from set=", "policy.peer.missing", 15},
                        {"allow from nodes ns=a", "policy.peer.node_words", 17},
                        {"allow from any !10.0.0.0/33", "policy.peer.bad_cidr", 16},
                        {"allow from any on gre/80", "policy.port.no_ports", 22},
                        {"allow from any on icmp/echo", "policy.port.bad_icmp", 23},
                        {"allow from any on icmp/256", "policy.port.bad_icmp", 23},
                        {"allow from any on icmp6/timestamp-request", "policy.port.bad_icmp", 24},
                        {"allow from any on", "policy.port.missing", 17},
                        {"allow from any quickly", "policy.rule.trailing", 15},
                        {"allow from app=web tcp/80", "policy.selector.syntax", 25}}) {
    const auto parsed = parse_rule(c.text, FlowEnd::kIngress);
    const auto* wrong = std::get_if<TextProblem>(&parsed);
    ASSERT_NE(wrong, nullptr) << c.text;
    EXPECT_EQ(wrong->code, c.code) << c.text << ": " << wrong->message;
    EXPECT_EQ(wrong->offset, c.offset) << c.text;
  }
  const auto slip = parse_rule("denny from any", FlowEnd::kIngress);
  EXPECT_EQ(std::get<TextProblem>(slip).hint, "did you mean \"deny\"?");
}

TEST(RuleParser, NamesAndNumbersOfProtocolsAreOne) {
  for (int p = 0; p < 256; ++p) {
    const auto number = protocol_number(protocol_name(static_cast<std::uint8_t>(p)));
    ASSERT_TRUE(number);
    EXPECT_EQ(*number, p);
  }
  EXPECT_FALSE(protocol_number("256") || protocol_number("-1") || protocol_number("") || protocol_number("tcpx"));
}

}  // namespace
}  // namespace bulkhead::rules
