#include "signatures/intel/feed_parser.h"

#include <gtest/gtest.h>

namespace bulkhead::intel {
namespace {

Feed parsed(const std::string& text, Diagnostics* told = nullptr) {
  Diagnostics diagnostics;
  FeedDefaults defaults;
  defaults.confidence = 60;
  defaults.until = {99};
  return parse_feed(std::make_shared<SourceFile>("feed", text), defaults, told != nullptr ? *told : diagnostics);
}

std::string shown(const Feed& feed) {
  std::string out;
  for (const Indicator& i : feed.indicators) {
    out += std::string(to_string(i.kind)) + " " + (i.kind == IndicatorKind::kAddress ? i.network.to_string() : i.text) +
           " " + std::to_string(i.confidence) + (i.what.empty() ? "" : " " + i.what) + "\n";
  }
  return out;
}

TEST(IntelFeed, StixOfOneComparison) {
  const Feed feed = parsed(R"({"type":"bundle","objects":[
    {"type":"indicator","name":"C2","pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.5']","confidence":90,
     "valid_until":"1970-01-01T00:00:10Z"},
    {"type":"indicator","pattern":"[domain-name:value='Evil.Example']"},
    {"type":"indicator","pattern":"[url:value = 'http://bad.example:8080/x']"},
    {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.5' AND domain-name:value = 'a.b']"},
    {"type":"indicator","pattern":"[ipv4-addr:value != '203.0.113.6']"},
    {"type":"indicator","pattern":"[domain-name:value = '203.0.113.7']"},
    {"type":"indicator","pattern":"alert tcp any any","pattern_type":"suricata"},
    {"type":"indicator","pattern":"[file:hashes.'SHA-256' = ')" +
                           std::string(64, 'a') + R"(']"},
    {"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.9']","revoked":true},
    {"type":"malware","name":"x"}]})");
  EXPECT_EQ(shown(feed), "address 203.0.113.5/32 90 C2\nname evil.example 60\nname bad.example 60\n");
  EXPECT_EQ(feed.indicators[0].until.ns, 10'000'000'000);
  EXPECT_EQ(feed.indicators[1].until.ns, 99);
  EXPECT_EQ(feed.counts.unsupported, 4U);
  EXPECT_EQ(feed.counts.revoked, 1U);
  EXPECT_EQ(feed.counts.hashes, 1U);
}

TEST(IntelFeed, MispEventsAndTheirObjects) {
  const Feed feed = parsed(R"({"response":[{"Event":{"info":"Campaign","Attribute":[
    {"type":"ip-dst|port","value":"198.51.100.7|443","to_ids":true},
    {"type":"domain","value":"a.example","to_ids":false},
    {"type":"comment","value":"x","to_ids":true},
    {"type":"ja3-fingerprint-md5","value":"0123456789abcdef0123456789abcdef","to_ids":true}],
    "Object":[{"Attribute":[{"type":"hostname","value":"b.example","to_ids":true}]}]}}]})");
  EXPECT_EQ(shown(feed),
            "address 198.51.100.7/32 60 Campaign\nja3 0123456789abcdef0123456789abcdef 60 Campaign\n"
            "name b.example 60 Campaign\n");
  EXPECT_EQ(feed.counts.revoked, 1U);
  EXPECT_EQ(feed.counts.unsupported, 1U);
}

TEST(IntelFeed, SpamhausInBothForms) {
  EXPECT_EQ(shown(parsed("{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"x\"}\n"
                         "{\"type\":\"metadata\",\"records\":1}\n")),
            "address 192.0.2.0/24 60 SBL1\n");
  EXPECT_EQ(shown(parsed("; Spamhaus DROP List\n192.0.2.0/24 ; SBL1\n2001:db8::/32 ; SBL2\n")),
            "address 192.0.2.0/24 60 SBL1\naddress 2001:db8::/32 60 SBL2\n");
}

TEST(IntelFeed, TablesWithHeaders) {
  EXPECT_EQ(shown(parsed("# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n"
                         "\"2026-01-01 00:00:00\",\"203.0.113.1\",\"443\",\"Emotet, again\"\n")),
            "address 203.0.113.1/32 60 Emotet, again\n");
  EXPECT_EQ(shown(parsed("# ja3_md5,Firstseen,Lastseen,Listingreason\n"
                         "0123456789abcdef0123456789abcdef,2026,2026,Tofsee\n")),
            "ja3 0123456789abcdef0123456789abcdef 60 Tofsee\n");
  EXPECT_EQ(shown(parsed("url,confidence_level\nhttps://user@evil.example/a?b,50\n")), "name evil.example 50\n");
}

TEST(IntelFeed, ReputationDatasetsAndPlainLists) {
  EXPECT_EQ(shown(parsed("203.0.113.0/24,1,127\n203.0.113.9,2,64\n")),
            "address 203.0.113.0/24 100\naddress 203.0.113.9/32 50\n");
  EXPECT_EQ(shown(parsed("ZXZpbC5leGFtcGxl\n")), "name evil.example 60\n");
  const Feed feed = parsed(
      "# list\n10.9.8.7:8080\nhxxp://bad[.]example/x # a note\n*.wild.example\n"
      "t13d1516h2_8daaf6152771_b186095e22b6\n???\n\n2001:db8::5\n");
  EXPECT_EQ(shown(feed),
            "address 10.9.8.7/32 60\nname bad.example 60 a note\nname wild.example 60\n"
            "ja4 t13d1516h2_8daaf6152771_b186095e22b6 60\naddress 2001:db8::5/128 60\n");
  EXPECT_EQ(feed.counts.malformed, 1U);
}

TEST(IntelFeed, AFileThatWasCutShortIsSaid) {
  Diagnostics diagnostics;
  EXPECT_TRUE(parsed("{\"type\":\"bundle\",\"objects\":[", &diagnostics).indicators.empty());
  ASSERT_FALSE(diagnostics.all().empty());
  EXPECT_EQ(diagnostics.all()[0].code, "intel.feed.json");
}

TEST(IntelFeed, WordsThatAreNoIndicators) {
  for (const char* word : {"", "x", "a..b", ".a.b", "1234", "no", "http://", "[::1", "a b.c", "999.1.1.1.", "-",
                           "https://[2001:db8::1/x"}) {
    Indicator out;
    EXPECT_FALSE(read_indicator(word, out)) << word;
  }
  Indicator out;
  ASSERT_TRUE(read_indicator("http://[2001:db8::1]:80/x", out));
  EXPECT_EQ(out.network.to_string(), "2001:db8::1/128");
}

}  // namespace
}  // namespace bulkhead::intel
