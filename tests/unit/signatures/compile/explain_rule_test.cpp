#include "signatures/compile/explain_rule.h"

#include <gtest/gtest.h>

#include <string>

#include "signatures/compile/fast_pattern.h"
#include "signatures/compile/resolve.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {
namespace {

std::string explained(const std::string& rule) {
  Diagnostics out;
  const RuleFile file = parse_rules("x.rules", rule + "\n", out);
  ResolvedRules rules = resolve_rules(file, {}, out);
  EXPECT_EQ(rules.signatures.size(), 1U) << rule;
  if (rules.signatures.empty()) return "";
  choose_fast_pattern(rules.signatures[0]);
  return explain_rule(rules.signatures[0], rules.names);
}

TEST(ExplainRule, AWholeRule) {
  EXPECT_EQ(explained("alert tcp 10.0.0.0/8 any -> any [80,8000:8080] (msg:\"root\"; flow:established,to_server; "
                      "content:\"GET |2f|\"; depth:5; pcre:\"/id=[0-9]+/i\"; flowbits:set,seen; "
                      "threshold:type limit,track by_src,count 1,seconds 60; sid:7; rev:2; priority:1;)"),
            "sid 7 rev 2 \"root\" (x.rules:1)\n"
            "It alerts with priority 1 when\n"
            "  TCP data goes from 10.0.0.0-10.255.255.255 to any address port 80 or 8000-8080\n"
            "  and goes to the server and belongs to an established connection\n"
            "  and in the payload:\n"
            "    there is \"GET /\" within 5 bytes\n"
            "    matches /id=[0-9]+/i\n"
            "It sets the flow's bit seen.\n"
            "At most 1 alert in 60 s for each source.\n"
            "It is looked at only where \"GET /\" was seen.\n");
}

TEST(ExplainRule, ConditionsSayWhatTheyMean) {
  const std::string text = explained("drop icmp any any -> any any (itype:8; ttl:<3; noalert; sid:1;)");
  EXPECT_NE(text.find("It drops with priority 3 when"), std::string::npos) << text;
  EXPECT_NE(text.find("and ttl:<3: "), std::string::npos) << text;
  EXPECT_NE(text.find("No pattern selects it"), std::string::npos) << text;
}

TEST(ExplainRule, BuffersAndTransforms) {
  const std::string text = explained(
      "alert udp any any -> any any (udp.hdr; to_md5; content:\"|01|\"; byte_test:1,>,5,0; dataset:isset,d,type "
      "string; "
      "sid:1;)");
  EXPECT_NE(text.find("and in the UDP header, as MD5 digest:\n"), std::string::npos) << text;
  EXPECT_NE(text.find("the number of 1 bytes at 0, is above 5"), std::string::npos) << text;
  EXPECT_NE(text.find("is in the set d"), std::string::npos) << text;
}

TEST(ExplainRule, LongListsAreCut) {
  const std::string text =
      explained("alert tcp [1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6] any -> any any (flags:S; sid:1;)");
  EXPECT_NE(text.find("from 1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4 or 2 more to"), std::string::npos) << text;
}

// Every rule that is known to load has a text of its own.
TEST(ExplainRule, NothingIsWithoutWords) {
  for (const char* options :
       {"byte_jump:2,0;", "byte_extract:2,0,x;", "byte_math:bytes 2,offset 0,oper +,rvalue 3,result y;", "isdataat:!3;",
        "base64_decode; base64_data; content:\"a\";", "asn1:double_overflow;"}) {
    const std::string text = explained("alert udp any any -> any any (" + std::string(options) + " sid:1;)");
    EXPECT_NE(text.find("and in the payload:\n    "), std::string::npos) << options << "\n" << text;
  }
}

}  // namespace
}  // namespace bulkhead::signatures
