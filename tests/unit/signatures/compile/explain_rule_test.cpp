#include "signatures/compile/explain_rule.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "signatures/compile/explain_condition.h"
#include "signatures/compile/fast_pattern.h"
#include "signatures/compile/resolve.h"
#include "signatures/keywords/keyword.h"
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
  EXPECT_NE(text.find("and the ICMP type is 8 (echo request)\n  and the time to live (hop limit) is below 3\n"),
            std::string::npos)
      << text;
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

TEST(ExplainRule, ConditionsAreSentences) {
  const std::pair<const char*, const char*> rows[] = {
      {"dsize:>100", "the size of the payload is above 100 bytes"},
      {"dsize:1<>5", "the size of the payload is between 1 and 5 bytes"},
      {"flags:S,12", "of the TCP flags exactly SYN is set, whatever CWR and ECE are"},
      {"flags:SA+", "of the TCP flags SYN and ACK are set, perhaps with others"},
      {"tcp.flags:0", "none of the TCP flags is set"},
      {"fragbits:!DM", "of the fragmentation bits not all of don't fragment and more fragments are set"},
      {"ip_proto:!6", "the protocol above IP is not 6 (TCP)"},
      {"geoip:src,!DE,!AT", "the source address lies in none of the countries DE and AT"},
      {"iprep:any,Bad,>,30", "one of the two addresses has a reputation in the category Bad that is above 30"},
      {"stream_size:client,<,5", "the client has used a count of sequence numbers that is below 5"},
      {"app-layer-event:http.request_body_unexpected", "the parser of http noticed: \"request body unexpected\""},
      {"app-layer-protocol:!tls", "the application protocol of the conversation is known and is not tls"},
      {"ssl_version:tls1.0,tls1.1", "the side that sends speaks tls1.0 or tls1.1"},
      {"urilen:5<>10,raw", "the length of the URI as sent is between 5 and 10 bytes"},
      {"filename:!\"a.exe\"", "a file of the transaction has a name without \"a.exe\""},
      {"tcpv4-csum:invalid", "the TCP (over IPv4) checksum is wrong"},
      {"rpc:100000,*,3", "the packet is a Sun RPC call of program 100000 and procedure 3"},
      {"mqtt.qos:1", "the quality of service of a message is 1"}};
  for (const auto& [option, words] : rows) EXPECT_EQ(explain_condition(option), words);
}

// No keyword is echoed: neither by its own example, nor in any rule of Emerging Threats.
TEST(ExplainRule, EveryKeywordHasWords) {
  std::size_t conditions = 0;
  for (const Keyword* keyword : all_keywords()) {
    if (keyword->example.empty()) continue;
    Diagnostics out;
    const RuleFile file =
        parse_rules("x.rules", "alert tcp any any -> any any (" + std::string(keyword->example) + " sid:1;)\n", out);
    for (const Option& option : file.rules.empty() ? std::vector<Option>{} : file.rules[0].options) {
      const std::string words = explain_condition(option.text);
      if (option.name == keyword->name) ++conditions;
      EXPECT_FALSE(words.empty()) << option.text;
      EXPECT_FALSE(words.starts_with(option.text)) << words;
    }
  }
  EXPECT_GT(conditions, 100U);
}

TEST(ExplainRule, RulesOfEmergingThreats) {
  const char* env = std::getenv("BULKHEAD_TEST_DATA");
  const std::filesystem::path data = env != nullptr ? env : std::filesystem::path(BULKHEAD_SOURCE_DIR) / "../shared";
  if (!std::filesystem::exists(data / "rules/et-open-2025-08.rules")) {
    GTEST_SKIP() << "no rule files under " << data << " (BULKHEAD_TEST_DATA)";
  }
  std::size_t count = 0;
  for (const char* name : {"rules/et-open-2025-08.rules", "rules/et-open-2025-classic.rules"}) {
    std::ifstream in(data / name, std::ios::binary);
    Diagnostics out;
    const RuleFile file =
        parse_rules(name, std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()), out);
    ResolvedRules rules = resolve_rules(file, {}, out);
    for (Signature& s : rules.signatures) {
      choose_fast_pattern(s);
      const std::string text = explain_rule(s, rules.names);
      std::size_t clauses = 0;
      for (std::size_t at = text.find("\n  and "); at != std::string::npos; at = text.find("\n  and ", at + 1)) {
        ++clauses;
        const std::string word = text.substr(at + 7, text.find_first_of(" :\n", at + 7) - at - 7);
        EXPECT_EQ(find_keyword(word), nullptr) << s.info->sid << " " << word;  // "and ttl:<3"
        EXPECT_FALSE(word.empty()) << s.info->sid;
      }
      EXPECT_GE(clauses, s.conditions.size() + s.transaction_conditions.size() + s.file_conditions.size()) << text;
      EXPECT_EQ(text.find("a buffer of the protocol"), std::string::npos) << text;
      ++count;
    }
  }
  EXPECT_GT(count, 15000U);
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
