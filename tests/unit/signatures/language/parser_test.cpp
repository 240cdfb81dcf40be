#include "signatures/language/parser.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "signatures/language/printer.h"

namespace bulkhead::signatures {
namespace {

std::string tail(const std::string& options) {
  return "alert tcp any any -> any any (" + options + ")";
}

// The diagnostics of a file, as printed.
std::string errors_of(const std::string& text) {
  Diagnostics out;
  (void)parse_rules("t.rules", text, out);
  std::string all;
  for (const auto& diagnostic : out.all()) all += Diagnostics::format(diagnostic);
  return all;
}

std::string first_code(const std::string& text) {
  Diagnostics out;
  (void)parse_rules("t.rules", text, out);
  return out.all().empty() ? "" : out.all().front().code;
}

// "code@line:column+length" of the first diagnostic.
std::string first_place(const std::string& text) {
  Diagnostics out;
  (void)parse_rules("t.rules", text, out);
  if (out.all().empty()) return "";
  const Diagnostic& d = out.all().front();
  return d.code + "@" + std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + "+" +
         std::to_string(d.span.length);
}

struct Parsed {
  Diagnostics out;
  RuleFile file;
  explicit Parsed(const std::string& text) : file(parse_rules("t.rules", text, out)) {}
};

TEST(Parser, ReadsEveryPartOfARule) {
  const Parsed p(
      "alert tcp $HOME_NET any <> [10.0.0.0/8,!10.1.0.1-10.1.0.9, !$DMZ] ![80:90,!85,$X,any] "
      "(msg:\"a\\;b\"; content: ! \"x|0d|\" ; nocase; sid:1;)\n");
  ASSERT_EQ(p.out.all().size(), 0U);
  ASSERT_EQ(p.file.rules.size(), 1U);
  const Rule& rule = p.file.rules[0];
  EXPECT_EQ(rule.action, "alert");
  EXPECT_EQ(rule.protocol, "tcp");
  EXPECT_EQ(rule.source.kind, AddressNode::Kind::kVariable);
  EXPECT_EQ(rule.source.name(), "HOME_NET");
  EXPECT_EQ(rule.source_ports.kind, PortNode::Kind::kAny);
  EXPECT_EQ(rule.direction, RuleDirection::kBoth);
  ASSERT_EQ(rule.destination.items.size(), 3U);
  EXPECT_FALSE(rule.destination.negated);
  EXPECT_EQ(rule.destination.items[0].range.first.to_string(), "10.0.0.0");
  EXPECT_EQ(rule.destination.items[0].range.last.to_string(), "10.255.255.255");
  EXPECT_TRUE(rule.destination.items[1].negated);
  EXPECT_EQ(rule.destination.items[1].range.last.to_string(), "10.1.0.9");
  EXPECT_TRUE(rule.destination.items[2].negated);
  EXPECT_EQ(rule.destination.items[2].name(), "DMZ");
  EXPECT_TRUE(rule.destination_ports.negated);
  ASSERT_EQ(rule.destination_ports.items.size(), 4U);
  EXPECT_EQ(rule.destination_ports.items[0].first, 80);
  EXPECT_EQ(rule.destination_ports.items[0].last, 90);
  EXPECT_TRUE(rule.destination_ports.items[1].negated);
  EXPECT_EQ(rule.destination_ports.items[3].kind, PortNode::Kind::kAny);
  ASSERT_EQ(rule.options.size(), 4U);
  EXPECT_EQ(rule.options[0].argument, "a\\;b");
  EXPECT_TRUE(rule.options[0].quoted);
  EXPECT_FALSE(rule.options[0].negated);
  EXPECT_EQ(rule.options[1].value, "! \"x|0d|\"");
  EXPECT_EQ(rule.options[1].argument, "x|0d|");
  EXPECT_TRUE(rule.options[1].negated);
  EXPECT_EQ(rule.options[2].name, "nocase");
  EXPECT_FALSE(rule.options[2].has_value);
  EXPECT_EQ(rule.options[3].value, "1");
  EXPECT_EQ(rule.text.back(), ')');
  EXPECT_TRUE(rule.enabled);
}

TEST(Parser, SpansAreByteExact) {
  const Parsed p("# comment\n\nalert tcp any any -> any any (msg:\"x\"; content:\"abc\"; sid:1;)\r\n");
  ASSERT_EQ(p.file.rules.size(), 1U);
  const SourceSpan span = p.file.span(p.file.rules[0].options[1].argument);
  EXPECT_EQ(span.line, 3U);
  EXPECT_EQ(span.column, 49U);
  EXPECT_EQ(span.length, 3U);
  EXPECT_EQ(span.file->line(3).substr(span.column - 1, span.length), "abc");
}

TEST(Parser, SpansOfContinuedLinesPointIntoTheFile) {
  const Parsed p("alert tcp any any -> any any ( \\\r\n  msg:\"x\"; \\  \n\tcontent:\"abc\"; sid:1;)\nalert bad");
  ASSERT_EQ(p.file.rules.size(), 1U);
  const SourceSpan span = p.file.span(p.file.rules[0].options[1].name);
  EXPECT_EQ(span.line, 3U);
  EXPECT_EQ(span.column, 2U);
  EXPECT_EQ(span.length, 7U);
  ASSERT_EQ(p.out.all().size(), 1U);
  EXPECT_EQ(p.out.all()[0].span.line, 4U);
}

TEST(Parser, PortRangesWithOpenEnds) {
  const auto range = [](const std::string& port) {
    const Parsed p("alert tcp any " + port + " -> any any (sid:1;)");
    EXPECT_EQ(p.file.rules.size(), 1U) << port;
    if (p.file.rules.empty()) return std::string();
    const PortNode& node = p.file.rules[0].source_ports;
    return std::to_string(node.first) + "-" + std::to_string(node.last);
  };
  EXPECT_EQ(range("80"), "80-80");
  EXPECT_EQ(range("80:"), "80-65535");
  EXPECT_EQ(range(":80"), "0-80");
  EXPECT_EQ(range(":"), "0-65535");
  EXPECT_EQ(range("080"), "80-80");
}

TEST(Parser, AddressForms) {
  const auto range = [](const std::string& address) {
    const Parsed p("alert ip " + address + " any -> any any (sid:1;)");
    EXPECT_EQ(p.file.rules.size(), 1U) << address;
    if (p.file.rules.empty()) return std::string();
    const AddressNode& node = p.file.rules[0].source;
    return node.range.first.to_string() + "-" + node.range.last.to_string();
  };
  EXPECT_EQ(range("1.2.3.4"), "1.2.3.4-1.2.3.4");
  EXPECT_EQ(range("1.2.3.4/24"), "1.2.3.0-1.2.3.255");
  EXPECT_EQ(range("1.2.3.4/255.255.0.0"), "1.2.0.0-1.2.255.255");
  EXPECT_EQ(range("1.2.3.4-1.2.3.9"), "1.2.3.4-1.2.3.9");
  EXPECT_EQ(range("fe80::1/64"), "fe80::-fe80::ffff:ffff:ffff:ffff");
  EXPECT_EQ(range("::1"), "::1-::1");
}

TEST(Parser, AcceptsWhatSuricataAccepts) {
  for (const char* rule :
       {"ALERT TCP ANY any -> any Any (SID:1;)", "alert tcp [[1.1.1.1],[[2.2.2.2]]] any -> any any (sid:1;)",
        "alert tcp 1.1.1.1,2.2.2.2 80,81 -> any any (sid:1;)", "alert  tcp  any  any  ->  any  any  ( sid : 1 ; )  ",
        "\talert tcp any any -> any any (sid:1;)", "alert tcp any any -> [ ! 1.1.1.1 , 2.2.2.2 ] [ 80 , 81 ] (sid:1;)",
        "alert tcp any any -> any any (msg:\"a)\"; content:\"a\\\"; sid:1;)",
        "\xef\xbb\xbf"
        "alert tcp any any -> any any (sid:1;)"}) {
    const Parsed p(rule);
    EXPECT_EQ(p.file.rules.size(), 1U) << rule;
    EXPECT_EQ(p.out.all().size(), 0U) << rule << errors_of(rule);
  }
}

TEST(Parser, WarnsAndAccepts) {
  EXPECT_EQ(first_place("alert tcp [1.1.1.1,] any -> any any (sid:1;)"), "signature.address.trailing_comma@1:19+1");
  EXPECT_EQ(first_place("alert tcp any any -> any any (sid:1;"), "signature.syntax.no_parenthesis@1:37+0");
  EXPECT_EQ(Parsed("alert tcp any [80,] -> any any (sid:1;").file.rules.size(), 1U);
  // Suricata does not read such a line at all.
  EXPECT_EQ(first_place(" alert tcp any any -> any any (sid:1;)"), "signature.syntax.leading_blank@1:1+1");
  EXPECT_EQ(Parsed(" alert tcp any any -> any any (sid:1;)").file.rules.size(), 0U);
}

TEST(Parser, CommentedRulesAreKeptAsDisabled) {
  const Parsed p(
      "#alert tcp any any -> any any (sid:1;)\n# alert is a word (of English);\n  ## drop ip any any -> any any "
      "(sid:2;)\n");
  ASSERT_EQ(p.file.rules.size(), 2U);
  EXPECT_FALSE(p.file.rules[0].enabled);
  EXPECT_EQ(p.file.rules[1].action, "drop");
  EXPECT_EQ(p.out.all().size(), 0U);
  EXPECT_EQ(p.file.rejected, 0U);
}

TEST(Parser, HeaderErrors) {
  EXPECT_EQ(first_place("alrt tcp any any -> any any (sid:1;)"), "signature.header.action@1:1+4");
  EXPECT_EQ(first_place("alert [ any any -> any any (sid:1;)"), "signature.header.protocol@1:7+1");
  EXPECT_EQ(first_place("alert tcp any any <- any any (sid:1;)"), "signature.header.direction@1:19+2");
  EXPECT_EQ(first_place("alert tcp any any any any any (sid:1;)"), "signature.header.direction@1:19+3");
  EXPECT_EQ(first_place("alert tcp any any -> any (sid:1;)"), "signature.header.missing_field@1:26+1");
  EXPECT_EQ(first_place("alert tcp any any -> any any any (sid:1;)"), "signature.header.extra_field@1:30+3");
  EXPECT_EQ(first_place("alert tcp any any -> any any"), "signature.syntax.no_options@1:29+0");
  EXPECT_EQ(first_place("alert"), "signature.syntax.no_options@1:6+0");
  EXPECT_EQ(first_place("alert tcp [1.1.1.1][2.2.2.2] any -> any any (sid:1;)"), "signature.header.blank@1:20+1");
}

TEST(Parser, AddressErrors) {
  const auto place = [](const std::string& address) {
    return first_place("alert tcp " + address + " any -> any any (sid:1;)");
  };
  EXPECT_EQ(place("[]"), "signature.address.empty_list@1:11+2");
  EXPECT_EQ(place("[1.1.1.1,,2.2.2.2]"), "signature.address.syntax@1:20+1");
  EXPECT_EQ(place("[,1.1.1.1]"), "signature.address.syntax@1:12+1");
  EXPECT_EQ(place("! 1.1.1.1"), "signature.address.syntax@1:11+1");
  EXPECT_EQ(place("!!1.1.1.1"), "signature.address.double_negation@1:12+1");
  EXPECT_EQ(place("[1.1.1.1"), "signature.address.syntax@1:20+3");
  EXPECT_EQ(place("1.1.1.1/33"), "signature.address.syntax@1:11+10");
  EXPECT_EQ(place("1.1.1.1/255.0.255.0"), "signature.address.syntax@1:11+19");
  EXPECT_EQ(place("1.1.1.9-1.1.1.1"), "signature.address.syntax@1:11+15");
  EXPECT_EQ(place("1.1.1.9-::1"), "signature.address.syntax@1:11+11");
  EXPECT_EQ(place("01.2.3.4"), "signature.address.syntax@1:11+8");
  EXPECT_EQ(place("$"), "signature.address.variable_name@1:11+1");
  EXPECT_EQ(place("$A/b"), "signature.address.variable_name@1:11+4");
  EXPECT_EQ(place(std::string(65, '[') + "any" + std::string(65, ']')), "signature.address.too_deep@1:75+1");
  EXPECT_EQ(first_place("alert tcp any any -> [any any (sid:1;)"), "signature.address.syntax@1:27+3");
  EXPECT_EQ(first_place("alert tcp any any -> [any (sid:1;)"), "signature.address.unclosed_list@1:22+1");
}

TEST(Parser, PortErrors) {
  const auto place = [](const std::string& port) {
    return first_place("alert tcp any " + port + " -> any any (sid:1;)");
  };
  for (const char* bad : {"80:70", "65536", "80-90", "+80", "8x", "http", "80:90:91"}) {
    EXPECT_EQ(place(bad), "signature.port.syntax@1:15+" + std::to_string(std::string(bad).size())) << bad;
  }
  EXPECT_EQ(place("[]"), "signature.port.empty_list@1:15+2");
  EXPECT_EQ(place("[80 : 90]"), "signature.port.syntax@1:19+1");
}

TEST(Parser, OptionErrors) {
  EXPECT_EQ(first_place(tail("msg:\"a;b\"; sid:1;")), "signature.option.unterminated_quote@1:35+2");
  EXPECT_EQ(first_place(tail("msg:\"abc\" x; sid:1;")), "signature.option.unterminated_quote@1:35+7");
  EXPECT_EQ(first_place(tail("msg:\"; sid:1;")), "signature.option.unterminated_quote@1:35+1");
  EXPECT_EQ(first_place(tail("sid:1")), "signature.option.unterminated@1:31+5");
  EXPECT_EQ(first_place(tail("sid:1; x\\;")), "signature.option.unterminated@1:38+3");
  EXPECT_EQ(first_place(tail("sid:1;;")), "signature.option.no_name@1:37+0");
  EXPECT_EQ(first_place(tail(":1;")), "signature.option.no_name@1:31+2");
  EXPECT_EQ(first_place(tail("a b:1;")), "signature.option.name@1:31+3");
  EXPECT_EQ(first_place("alert tcp any any -> any any (sid:1;) foo"), "signature.syntax.trailing_text@1:38+4");
}

TEST(Parser, GarbageBytesAreErrors) {
  EXPECT_EQ(first_place(std::string("alert tcp any any -> any any (msg:\"a\0b\"; sid:1;)", 48)),
            "signature.syntax.nul_byte@1:37+1");
  EXPECT_EQ(first_code("\xff\xfe"
                       "a\0l\0"),
            "signature.file.utf16");
  EXPECT_EQ(first_place("alert tcp any any -> any any \\"), "signature.syntax.unfinished_line@1:1+0");
  EXPECT_EQ(first_code("\x01\x02\x03"), "signature.header.action");
  EXPECT_EQ(first_code(tail("msg:\"" + std::string(SourceLines::kMaxLineBytes, 'x') + "\";")),
            "signature.syntax.line_too_long");
}

TEST(Parser, EveryErrorInOneRunAndGoodRulesSurvive) {
  const Parsed p(
      "alrt tcp any any -> any any (msg:\"a;b\"; sid:1;)\n"
      "alert tcp any any -> any any (sid:2;)\n"
      "alert tcp [] any -> any any (sid:3;;)\n"
      "alert tcp any any -> any any (a b; c d; sid:4;)\n"
      "alert udp any any -> any any (sid:5;)\n");
  ASSERT_EQ(p.file.rules.size(), 2U);
  EXPECT_EQ(p.file.rules[0].options[0].value, "2");
  EXPECT_EQ(p.file.rules[1].options[0].value, "5");
  EXPECT_EQ(p.file.rejected, 3U);
  std::string codes;
  for (const auto& d : p.out.all()) codes += std::to_string(d.span.line) + " " + d.code + "\n";
  EXPECT_EQ(codes,
            "1 signature.header.action\n"
            "1 signature.option.unterminated_quote\n"
            "1 signature.option.name\n"
            "3 signature.address.empty_list\n"
            "3 signature.option.no_name\n"
            "4 signature.option.name\n"
            "4 signature.option.name\n");
}

TEST(Parser, DiagnosticsReadWell) {
  EXPECT_EQ(errors_of("alrt tcp any any -> any any (sid:1;)"),
            "t.rules:1:1-4: error[signature.header.action]: \"alrt\" is not an action\n"
            "   1 | alrt tcp any any -> any any (sid:1;)\n"
            "     | ^^^^\n"
            "  hint: did you mean alert?\n");
  EXPECT_EQ(errors_of("alert tcp any any -> any 80-90 (sid:1;)"),
            "t.rules:1:26-30: error[signature.port.syntax]: \"80-90\" is not a port\n"
            "   1 | alert tcp any any -> any 80-90 (sid:1;)\n"
            "     |                          ^^^^^\n"
            "  hint: a port is any, $NAME, 80, 80:90, 80: or :80, each from 0 to 65535\n");
}

TEST(Parser, VariableValues) {
  Diagnostics out;
  const auto file = std::make_shared<const SourceFile>("vars.HOME_NET", "[10.0.0.0/8, !$DMZ] ");
  const SourceLines lines(file, "signature", out);
  const auto node = parse_addresses(lines, lines.lines()[0].text, out);
  ASSERT_TRUE(node);
  EXPECT_EQ(print(*node), "[10.0.0.0/8,!$DMZ]");
  const auto bad = std::make_shared<const SourceFile>("vars.P", "80, 81");
  const SourceLines bad_lines(bad, "signature", out);
  EXPECT_FALSE(parse_ports(bad_lines, bad_lines.lines()[0].text, out));
  ASSERT_EQ(out.all().size(), 2U);
  EXPECT_EQ(out.all()[1].code, "signature.variable.trailing_text");
}

// All rules of the two ET files; their number is theirs, so that a rule that gets lost is noticed.
TEST(Parser, EmergingThreatsRulesAllParse) {
  const char* env = std::getenv("BULKHEAD_TEST_DATA");
  const std::filesystem::path data = env != nullptr ? env : std::filesystem::path(BULKHEAD_SOURCE_DIR) / "../shared";
  const std::filesystem::path first = data / "rules/et-open-2025-08.rules";
  if (!std::filesystem::exists(first)) GTEST_SKIP() << "no rule files under " << data << " (BULKHEAD_TEST_DATA)";
  std::size_t total = 0;
  for (const auto& path : {first, data / "rules/et-open-2025-classic.rules"}) {
    std::ifstream in(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    Diagnostics out;
    const auto begin = std::chrono::steady_clock::now();
    const RuleFile file = parse_rules(path.filename().string(), text, out);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    std::cout << path.filename().string() << ": " << file.rules.size() << " rules in " << elapsed.count() << " s\n";
    for (const auto& diagnostic : out.all()) ADD_FAILURE() << Diagnostics::format(diagnostic);
    EXPECT_EQ(file.rejected, 0U);
    total += file.rules.size();
    Diagnostics again_out;
    const RuleFile again = parse_rules("printed", print(file), again_out);
    EXPECT_TRUE(again.rules == file.rules);
    EXPECT_EQ(print(again), print(file));
  }
  EXPECT_EQ(total, 15502U);
}

}  // namespace
}  // namespace bulkhead::signatures
