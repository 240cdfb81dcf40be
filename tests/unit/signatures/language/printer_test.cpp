#include "signatures/language/printer.h"

#include <gtest/gtest.h>

#include <string>

#include "signatures/language/parser.h"

namespace bulkhead::signatures {
namespace {

std::string printed(const std::string& text) {
  Diagnostics out;
  const RuleFile file = parse_rules("t", text, out);
  const std::string once = print(file);
  const RuleFile again = parse_rules("t", once, out);
  EXPECT_TRUE(again.rules == file.rules) << once;
  EXPECT_EQ(print(again), once);
  EXPECT_FALSE(out.has_errors());
  return once;
}

TEST(Printer, CanonicalForm) {
  EXPECT_EQ(
      printed("alert   tcp [ 1.1.1.1 ,!$A ]  80,81 -> ![any] any ( msg : \"a b\" ;content: ! \"x\";nocase;sid:1; )"),
      "alert tcp [1.1.1.1,!$A] [80,81] -> ![any] any (msg:\"a b\"; content:! \"x\"; nocase; sid:1;)\n");
  EXPECT_EQ(printed("#drop ip any any <> any any (sid:1;)"), "# drop ip any any <> any any (sid:1;)\n");
  EXPECT_EQ(printed("alert ip any any \\\n -> any any ()"), "alert ip any any -> any any ()\n");
}

TEST(Printer, BackslashAtTheEndOfAValueStaysAwayFromTheSemicolon) {
  EXPECT_EQ(printed("alert ip any any -> any any (x:a\\ ; sid:1;)"), "alert ip any any -> any any (x:a\\ ; sid:1;)\n");
}

TEST(Printer, Equality) {
  Diagnostics out;
  const auto rule = [&](const std::string& text) { return parse_rules("t", text, out); };
  const RuleFile base = rule("alert tcp 1.1.1.1 80 -> any any (sid:1;)");
  for (const char* other :
       {"drop tcp 1.1.1.1 80 -> any any (sid:1;)", "alert udp 1.1.1.1 80 -> any any (sid:1;)",
        "alert tcp 1.1.1.2 80 -> any any (sid:1;)", "alert tcp !1.1.1.1 80 -> any any (sid:1;)",
        "alert tcp 1.1.1.1 81 -> any any (sid:1;)", "alert tcp 1.1.1.1 80 <> any any (sid:1;)",
        "alert tcp 1.1.1.1 80 -> [any] any (sid:1;)", "alert tcp 1.1.1.1 80 -> any $X (sid:1;)",
        "alert tcp 1.1.1.1 80 -> any any (sid:2;)", "alert tcp 1.1.1.1 80 -> any any (sid:1; rev:1;)",
        "#alert tcp 1.1.1.1 80 -> any any (sid:1;)"}) {
    const RuleFile file = rule(other);
    ASSERT_EQ(file.rules.size(), 1U) << other;
    EXPECT_FALSE(file.rules[0] == base.rules[0]) << other;
  }
  EXPECT_FALSE(out.has_errors());
}

}  // namespace
}  // namespace bulkhead::signatures
