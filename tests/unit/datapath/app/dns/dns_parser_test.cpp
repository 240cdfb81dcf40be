#include "datapath/app/dns/dns_parser.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "tests/support/dns_maker.h"

namespace bulkhead::app::dns {
namespace {

using namespace test;

constexpr Direction kRequest = Direction::kToServer, kResponse = Direction::kToClient;

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}

const std::string kQuery = dns_message({.questions = {dns_question("a.b")}});
const std::string kAnswer = dns_message({.flags = 0x8180,
                                         .questions = {dns_question("a.b")},
                                         .answers = {dns_record(kFirstName, 1, {"\x01\x02\x03\x04", 4})}});

std::string framed(const std::string& message) {
  return be16(static_cast<unsigned>(message.size())) + message;
}

class Talk {
 public:
  explicit Talk(std::uint8_t protocol) { moment_.client.protocol = protocol; }
  void send(Direction d, const std::string& bytes) {
    std::string& rest = rest_[bulkhead::index_of(d)];
    rest += bytes;
    const ParseResult result = parser.parse(d, span_of(rest), moment_);
    EXPECT_EQ(result.status, ParseResult::Status::kOk);
    rest.erase(0, result.consumed);
  }
  void gap(Direction d) {
    rest_[bulkhead::index_of(d)].clear();
    EXPECT_TRUE(parser.gap(d, 10));
  }
  DnsTransaction& tx(std::size_t i) { return static_cast<DnsTransaction&>(*parser.transactions().at(i)); }
  std::size_t count() { return parser.transactions().size(); }
  bool has(std::size_t i, DnsEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  // The EVE records of a transaction.
  std::vector<std::string> records(std::size_t i, const EveOptions& options = {}) {
    std::vector<EveRecord> made;
    tx(i).write_records(made, options);
    std::vector<std::string> out;
    for (const EveRecord& record : made) {
      EXPECT_EQ(record.type, "dns");
      EXPECT_FALSE(record.with_tx_id);
      out.push_back(record.fields.at(0).second);
    }
    return out;
  }
  std::string alert(std::size_t i) {
    event::AppFields out;
    tx(i).write_alert_fields(out, {});
    return out.empty() ? "" : out.at(0).second;
  }
  DnsParser parser;

 private:
  ParseMoment moment_;
  std::string rest_[2];
};

TEST(DnsParser, ARequestAndItsAnswerAreTwoTransactions) {
  Talk talk(ip_proto::kUdp);
  talk.send(kRequest, kQuery);
  talk.send(kResponse, kAnswer);
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.tx(1).id, 1U);
  EXPECT_TRUE(talk.tx(0).inspected[1]);
  EXPECT_FALSE(talk.tx(0).inspected[0]);
  EXPECT_TRUE(talk.tx(1).inspected[0]);
  EXPECT_EQ(talk.records(0),
            std::vector<std::string>{
                R"({"version":2,"type":"query","id":1,"rrname":"a.b","rrtype":"A","tx_id":0,"opcode":0})"});
  EXPECT_EQ(
      talk.records(1),
      std::vector<std::string>{
          R"({"version":2,"type":"answer","id":1,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rrname":"a.b",)"
          R"("rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"a.b","rrtype":"A","ttl":60,"rdata":"1.2.3.4"}],)"
          R"("grouped":{"A":["1.2.3.4"]}})"});
  EXPECT_EQ(talk.alert(0),
            R"({"version":2,"query":[{"type":"query","id":1,"rrname":"a.b","rrtype":"A","tx_id":0,"opcode":0}]})");
  EXPECT_EQ(talk.alert(1),
            R"({"version":2,"answer":{"version":2,"type":"answer","id":1,"flags":"8180","qr":true,"rd":true,"ra":true,)"
            R"("opcode":0,"rrname":"a.b","rrtype":"A","rcode":"NOERROR"}})");
}

TEST(DnsParser, OverTcpInPiecesOfAnySize) {
  const std::string requests = framed(kQuery) + framed("") + framed(kQuery);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    Talk talk(ip_proto::kTcp);
    for (std::size_t at = 0; at < requests.size(); at += step) talk.send(kRequest, requests.substr(at, step));
    talk.send(kResponse, framed(kAnswer) + framed(kAnswer));
    ASSERT_EQ(talk.count(), 4U) << step;
    EXPECT_EQ(talk.tx(1).message.questions.at(0).name.text, "a.b");
    EXPECT_EQ(talk.tx(3).message.answers.size(), 1U);
  }
}

TEST(DnsParser, AfterAGapTheNextMessageIsFound) {
  Talk talk(ip_proto::kTcp);
  talk.send(kRequest, framed(kQuery).substr(0, 7));
  talk.gap(kRequest);
  talk.send(kRequest, std::string("\0\3rest of something else, whatever", 35));
  EXPECT_EQ(talk.count(), 0U);
  talk.send(kRequest, framed(kQuery).substr(0, 9));
  talk.send(kRequest, framed(kQuery).substr(9));
  EXPECT_EQ(talk.count(), 1U);
}

TEST(DnsParser, WhatIsWrongIsAnEvent) {
  Talk talk(ip_proto::kUdp);
  talk.send(kRequest, kAnswer);
  talk.send(kResponse, kQuery);
  talk.send(kRequest, kQuery.substr(0, kQuery.size() - 1));
  talk.send(kRequest, "short");
  talk.send(kRequest, dns_message({.flags = 0x7940, .questions = {dns_question("a.b")}}));
  talk.send(kRequest, dns_message({.questions = {std::string("\1a", 2) + kFirstName + be16(1) + be16(1)}}));
  ASSERT_EQ(talk.count(), 6U);
  EXPECT_TRUE(talk.has(0, DnsEvent::not_request));
  EXPECT_TRUE(talk.records(0).empty());
  EXPECT_EQ(talk.alert(0), "");
  EXPECT_TRUE(talk.has(1, DnsEvent::not_response));
  EXPECT_EQ(talk.records(1).size(), 1U);
  EXPECT_TRUE(talk.has(2, DnsEvent::malformed_data));
  EXPECT_TRUE(talk.records(2).empty());
  EXPECT_TRUE(talk.has(3, DnsEvent::malformed_data));
  EXPECT_TRUE(talk.has(4, DnsEvent::z_flag_set));
  EXPECT_TRUE(talk.has(4, DnsEvent::invalid_opcode));
  EXPECT_TRUE(talk.has(5, DnsEvent::name_too_long));
  EXPECT_TRUE(talk.has(5, DnsEvent::too_many_labels));
  EXPECT_NE(talk.records(5).at(0).find(R"("rrname_truncated":true)"), std::string::npos);
}

TEST(DnsParser, RecordsAreChosenBySettings) {
  Talk talk(ip_proto::kUdp);
  talk.send(kRequest, dns_message({.questions = {dns_question("a.b", 15), dns_question("c.d", 16)}}));
  talk.send(kResponse, kAnswer);
  EXPECT_EQ(talk.records(0).size(), 2U);
  EveOptions options;
  options.dns.types = {"TXT"};
  EXPECT_EQ(talk.records(0, options).size(), 1U);
  EXPECT_TRUE(talk.records(1, options).empty());
  options = {};
  options.dns.requests = false;
  EXPECT_TRUE(talk.records(0, options).empty());
  EXPECT_EQ(talk.records(1, options).size(), 1U);
  options = {};
  options.dns.responses = options.dns.detailed = false;
  EXPECT_TRUE(talk.records(1, options).empty());
  options.dns.responses = true;
  EXPECT_EQ(talk.records(1, options).at(0).find("\"answers\""), std::string::npos);
  EXPECT_NE(talk.records(1, options).at(0).find("\"grouped\""), std::string::npos);
}

TEST(DnsParser, TheSectionsAndTheirDataInEve) {
  Talk talk(ip_proto::kUdp);
  const std::string soa = dns_name("m") + dns_name("r") + be32(1) + be32(2) + be32(3) + be32(4) + be32(5);
  talk.send(kResponse, dns_message({.flags = 0x8583,
                                    .questions = {dns_question("a.b")},
                                    .answers = {dns_record(kFirstName, 16, {"\3a\xff\x01\0", 5}),
                                                dns_record(kFirstName, 33, be16(1) + be16(2) + be16(3) + dns_name("t")),
                                                dns_record(kFirstName, 44, {"\2\1\xab\xcd", 4})},
                                    .authorities = {dns_record(kFirstName, 6, soa)}}));
  EXPECT_EQ(
      talk.records(0),
      std::vector<std::string>{
          R"({"version":2,"type":"answer","id":1,"flags":"8583","qr":true,"aa":true,"rd":true,"ra":true,"opcode":0,)"
          R"("rrname":"a.b","rrtype":"A","rcode":"NXDOMAIN","answers":[)"
          R"({"rrname":"a.b","rrtype":"TXT","ttl":60,"rdata":"a\\xff\u0001"},{"rrname":"a.b","rrtype":"TXT","ttl":60,"rdata":""},)"
          R"({"rrname":"a.b","rrtype":"SRV","ttl":60,"srv":{"priority":1,"weight":2,"port":3,"name":"t"}},)"
          R"({"rrname":"a.b","rrtype":"SSHFP","ttl":60,"sshfp":{"fingerprint":"ab:cd","algo":2,"type":1}}],)"
          R"("grouped":{"TXT":["a\\xff\u0001",""],"SRV":[{"priority":1,"weight":2,"port":3,"name":"t"}],)"
          R"("SSHFP":[{"fingerprint":"ab:cd","algo":2,"type":1}]},)"
          R"("authorities":[{"rrname":"a.b","rrtype":"SOA","ttl":60,"soa":{"mname":"m","rname":"r","serial":1,"refresh":2,)"
          R"("retry":3,"expire":4,"minimum":5}}]})"});
}

TEST(DnsParser, RulesSeeEachNameThatIsAskedFor) {
  Talk talk(ip_proto::kUdp);
  talk.send(kRequest, dns_message({.questions = {dns_question("a.b"), dns_question("c.d")}}));
  talk.send(kResponse, kAnswer);
  const BufferEntry* entry = find_buffer("dns.query");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(find_buffer("dns_query"), entry);
  BufferView view;
  ASSERT_TRUE(entry->def->get(talk.tx(0), kRequest, 1, view));
  EXPECT_EQ(std::string(view.bytes.begin(), view.bytes.end()), "c.d");
  EXPECT_FALSE(entry->def->get(talk.tx(0), kRequest, 2, view));
  EXPECT_FALSE(entry->def->get(talk.tx(1), kResponse, 0, view));
}

TEST(DnsProbe, ADatagramOnAnyPort) {
  const auto probe = [](const std::string& bytes, std::uint16_t client, std::uint16_t server) {
    return probe_datagram({kRequest, span_of(bytes), client, server});
  };
  EXPECT_EQ(probe(kQuery, 4000, 53), Probe::kYes);
  EXPECT_EQ(probe(kQuery, 4000, 9999), Probe::kYes);
  EXPECT_EQ(probe(kAnswer, 53, 4000), Probe::kYes);
  EXPECT_EQ(probe(kQuery + "x", 4000, 53), Probe::kYes);
  EXPECT_EQ(probe(kQuery + "x", 4000, 9999), Probe::kNo);
  EXPECT_EQ(probe(kQuery, 5353, 5353), Probe::kNo);
  EXPECT_EQ(probe(kQuery, 4000, 5355), Probe::kNo);
  EXPECT_EQ(probe(kQuery, 137, 137), Probe::kNo);
}

TEST(DnsProbe, AStreamBeginsWithALength) {
  const std::string bytes = framed(kQuery);
  EXPECT_EQ(probe_stream(kRequest, span_of(bytes), 9999), Probe::kYes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Probe far = probe_stream(kRequest, span_of(bytes.substr(0, length)), 9999);
    const Probe near = probe_stream(kRequest, span_of(bytes.substr(0, length)), 53);
    EXPECT_EQ(far, Probe::kMore) << length;
    EXPECT_EQ(near, length < 14 ? Probe::kMore : Probe::kYes) << length;
  }
  EXPECT_EQ(probe_stream(kRequest, span_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 53), Probe::kNo);
  EXPECT_EQ(probe_stream(kRequest, span_of(be16(11) + kQuery), 53), Probe::kNo);
}

TEST(DnsProbe, TheSenderIsKnownByTheMessage) {
  EXPECT_FALSE(comes_from_other_side(kRequest, span_of(kQuery), true));
  EXPECT_TRUE(comes_from_other_side(kResponse, span_of(kQuery), true));
  EXPECT_TRUE(comes_from_other_side(kRequest, span_of(kAnswer), true));
  EXPECT_TRUE(comes_from_other_side(kRequest, span_of(framed(kAnswer)), false));
  EXPECT_FALSE(comes_from_other_side(kResponse, span_of(framed(kAnswer)), false));
  EXPECT_FALSE(comes_from_other_side(kRequest, span_of("short"), true));
}

}  // namespace
}  // namespace bulkhead::app::dns
