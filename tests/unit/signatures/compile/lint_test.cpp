#include "signatures/compile/lint.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "signatures/compile/fast_pattern.h"
#include "signatures/compile/order.h"
#include "signatures/compile/resolve.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {
namespace {

// Codes of the findings, in order.
std::vector<std::string> findings(const std::string& text) {
  Diagnostics out;
  const RuleFile file = parse_rules("lint.rules", text, out);
  ResolveSettings settings;
  settings.keep_text = true;
  ResolvedRules rules = resolve_rules(file, settings, out);
  EXPECT_FALSE(out.has_errors()) << Diagnostics::format(out.all().front());
  for (Signature& s : rules.signatures) choose_fast_pattern(s);
  sort_signatures(rules.signatures, kDefaultActionOrder);
  Diagnostics found;
  lint_rules(rules.signatures, found);
  std::vector<std::string> codes;
  for (const Diagnostic& d : found.all()) {
    EXPECT_GT(d.span.line, 0U) << d.message;
    codes.push_back(d.code);
  }
  return codes;
}
std::string finding(const std::string& rule) {
  const auto codes = findings(rule + "\n");
  std::string all;
  for (const std::string& code : codes) all += (all.empty() ? "" : " ") + code;
  return all;
}

TEST(Lint, SoundRulesAreQuiet) {
  EXPECT_EQ(findings("alert tcp any any -> any 80 (content:\"GET\"; sid:1;)\n"
                     "alert tcp any any -> any any (content:\"evil\"; pcre:\"/evil.*/\"; sid:2;)\n"
                     "alert icmp any any -> any any (itype:8; sid:3;)\n"
                     "alert tcp any any -> any any (flags:S; ttl:>10; ttl:<20; sid:4;)\n"
                     "alert udp 10.0.0.0/8 any -> any 53 (dsize:>500; sid:5;)\n"),
            std::vector<std::string>{});
}

TEST(Lint, Patterns) {
  EXPECT_EQ(finding("alert tcp any any -> any any (pcre:\"/a.*b/\"; sid:1;)"), "lint.no_pattern");
  EXPECT_EQ(finding("alert tcp any any -> any any (content:!\"abc\"; sid:1;)"), "lint.no_pattern");
  EXPECT_EQ(finding("alert tcp any any -> any any (content:\"ab\"; sid:1;)"), "lint.short_pattern");
  EXPECT_EQ(finding("alert tcp any any -> any 80 (content:\"ab\"; sid:1;)"), "");
}

TEST(Lint, Contradictions) {
  for (const char* rule : {"alert ip any any -> any any (ttl:<3; ttl:>10; sid:1;)",
                           "alert tcp any any -> any any (content:\"abcdef\"; content:!\"cde\"; sid:1;)",
                           "alert tcp any any -> any any (content:\"abcdef\"; isdataat:!3; sid:1;)"}) {
    EXPECT_EQ(finding(rule), "lint.contradictory") << rule;
  }
  EXPECT_EQ(finding("alert tcp any any -> any any (content:\"abcdef\"; content:!\"cde\"; offset:10; sid:1;)"), "");
  const auto bits = findings(
      "alert tcp any any -> any 80 (flowbits:set,a; content:\"abc\"; sid:1;)\n"
      "alert tcp any any -> any 81 (flowbits:isset,a; flowbits:isnotset,a; sid:2;)\n");
  EXPECT_EQ(bits, std::vector<std::string>{"lint.contradictory"});
}

TEST(Lint, Unreachable) {
  for (const char* rule :
       {"alert udp any any -> any any (flags:S; sid:1;)", "alert tcp any any -> any any (itype:8; sid:1;)",
        "alert icmp any 80 -> any any (itype:8; sid:1;)", "alert ip 10.0.0.1 any -> 2001:db8::1 any (ttl:3; sid:1;)",
        "alert icmpv6 10.0.0.1 any -> any any (itype:8; sid:1;)"}) {
    EXPECT_EQ(finding(rule), "lint.unreachable") << rule;
  }
}

TEST(Lint, TooBroad) {
  EXPECT_EQ(finding("alert tcp any any -> any any (flow:established; sid:1;)"), "lint.too_broad");
  EXPECT_EQ(finding("alert ip any any -> any any (sid:1;)"), "lint.too_broad");
  EXPECT_EQ(finding("alert tcp any any -> any 23 (flow:established; sid:1;)"), "");
}

TEST(Lint, Shadowed) {
  EXPECT_EQ(findings("pass tcp 10.0.0.0/8 any -> any 80:90 (sid:1;)\n"
                     "alert tcp 10.1.0.0/16 any -> any 85 (content:\"evil\"; sid:2;)\n"
                     "alert tcp 11.1.0.0/16 any -> any 85 (content:\"evil\"; sid:3;)\n"
                     "alert tcp 10.1.0.0/16 any -> any 91 (content:\"evil\"; sid:4;)\n"),
            std::vector<std::string>{"lint.shadowed"});
  EXPECT_EQ(findings("alert tcp any any -> any 80 (msg:\"one\"; content:\"evil\"; sid:1; rev:3;)\n"
                     "alert tcp any any -> any 80 (msg:\"two\"; content:\"evil\"; sid:2;)\n"),
            std::vector<std::string>{"lint.shadowed"});
  EXPECT_EQ(findings("pass tcp any any -> any any (content:\"okay\"; sid:1;)\n"
                     "alert tcp any any -> any 80 (content:\"evil\"; sid:2;)\n"),
            std::vector<std::string>{});
}

}  // namespace
}  // namespace bulkhead::signatures
