#include "datapath/app/snmp/snmp_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/protocol_table.h"

namespace bulkhead::app::snmp {
namespace {

ByteSpan span_of(const std::string& bytes) {
  return {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()};
}
std::string element(unsigned tag, const std::string& value) {
  std::string out(1, static_cast<char>(tag));
  if (value.size() >= 0x80) out += '\x81';
  return out + static_cast<char>(value.size()) + value;
}
std::string integer(unsigned value) {
  return element(2, std::string(1, static_cast<char>(value)));
}
const std::string kOid = element(6, "\x2b\6\1\4\1\x81\x7f");  // 1.3.6.1.4.1.255
std::string variables() {
  return element(0x30, element(0x30, kOid + element(5, "")));
}
std::string pdu(unsigned number, unsigned error = 0) {
  return element(0xa0 + number, integer(1) + integer(error) + integer(0) + variables());
}
std::string message(unsigned version, const std::string& community, const std::string& body) {
  return element(0x30, integer(version) + element(4, community) + body);
}
std::string version3(unsigned flags, unsigned model, const std::string& body) {
  const std::string user = element(
      0x30, element(4, "engine") + integer(1) + integer(2) + element(4, "admin") + element(4, "") + element(4, ""));
  return element(0x30, integer(3) +
                           element(0x30, integer(5) + integer(100) +
                                             element(4, std::string(1, static_cast<char>(flags))) + integer(model)) +
                           element(4, user) + body);
}
const std::string kScoped = element(0x30, element(4, "e") + element(4, "") + pdu(0));

struct One {
  explicit One(const std::string& bytes) {
    parser.parse(Direction::kToServer, span_of(bytes), {});
    std::vector<EveRecord> records;
    parser.transactions().at(0)->write_records(records, {});
    if (!records.empty()) record = records[0].fields.at(0).second;
    for (const std::uint8_t event : parser.transactions()[0]->events) events += std::to_string(event);
  }
  SnmpParser parser;
  std::string record, events;
};

TEST(SnmpParser, EveryVersion) {
  EXPECT_EQ(One(message(0, "public", pdu(0))).record,
            R"({"version":1,"pdu_type":"get_request","vars":["1.3.6.1.4.1.255"],"community":"public"})");
  EXPECT_EQ(
      One(message(1, "c\xff", pdu(2, 2))).record,
      R"({"version":2,"pdu_type":"response","error":"NoSuchName","vars":["1.3.6.1.4.1.255"],"community":"c\\xff"})");
  EXPECT_EQ(One(version3(4, 3, kScoped)).record,
            R"({"version":3,"pdu_type":"get_request","vars":["1.3.6.1.4.1.255"],"usm":"admin"})");
  EXPECT_EQ(One(version3(3, 3, element(4, "secret"))).record, R"({"version":3,"pdu_type":"encrypted"})");
  const std::string trap =
      element(0xa4, kOid + element(0x40, "\1\2\3\4") + integer(6) + integer(0) + element(0x43, "\1") + variables());
  EXPECT_EQ(One(message(0, "c", trap)).record,
            R"({"version":1,"pdu_type":"trap_v1","trap_type":"enterpriseSpecific","trap_oid":"1.3.6.1.4.1.255",)"
            R"("trap_address":"1.2.3.4","vars":["1.3.6.1.4.1.255"],"community":"c"})");
}

TEST(SnmpParser, WhatIsWrongIsAnEvent) {
  const std::string good = message(1, "public", pdu(1));
  for (std::size_t length = 1; length < good.size(); ++length) {
    const One cut(good.substr(0, length));
    EXPECT_EQ(cut.events, "0") << length;
    EXPECT_EQ(cut.record, "");
  }
  EXPECT_EQ(One(message(2, "public", pdu(1))).events, "0");
  EXPECT_EQ(One(message(1, "public", pdu(9))).events, "0");
  EXPECT_EQ(One(version3(4, 9, kScoped)).events, "1");
  One two(good);
  EXPECT_EQ(two.events, "");
  const std::string other = message(0, "public", pdu(1));
  two.parser.parse(Direction::kToClient, span_of(other), {});
  EXPECT_EQ(two.parser.transactions().at(1)->events, std::vector<std::uint8_t>{2});
}

TEST(SnmpParser, RulesSeeCommunityUserVersionAndKind) {
  const One plain(message(1, "public", pdu(5)));
  Transaction& tx = *plain.parser.transactions()[0];
  BufferView view;
  ASSERT_TRUE(find_buffer("snmp.community")->def->get(tx, Direction::kToServer, 0, view));
  EXPECT_EQ(std::string(view.bytes.begin(), view.bytes.end()), "public");
  EXPECT_FALSE(find_buffer("snmp.usm")->def->get(tx, Direction::kToServer, 0, view));
  std::uint64_t number = 0;
  ASSERT_TRUE(find_number("snmp.version")->def->get(tx, Direction::kToServer, 0, number));
  EXPECT_EQ(number, 2U);
  ASSERT_TRUE(find_number("snmp.pdu_type")->def->get(tx, Direction::kToServer, 0, number));
  EXPECT_EQ(number, 5U);
  const One secret(version3(3, 3, element(4, "secret")));
  EXPECT_FALSE(
      find_number("snmp.pdu_type")->def->get(*secret.parser.transactions()[0], Direction::kToServer, 0, number));
  ASSERT_TRUE(find_buffer("snmp.usm")->def->get(*secret.parser.transactions()[0], Direction::kToServer, 0, view));
  EXPECT_EQ(std::string(view.bytes.begin(), view.bytes.end()), "admin");
}

TEST(SnmpProbe, OnAnyPortButThatOfDns) {
  const std::string good = message(0, "public", pdu(0));
  EXPECT_EQ(probe_datagram({Direction::kToServer, span_of(good), 4000, 4001}), Probe::kYes);
  EXPECT_EQ(probe_datagram({Direction::kToServer, span_of(good), 4000, 53}), Probe::kNo);
  EXPECT_EQ(probe_datagram({Direction::kToServer, span_of(good.substr(0, 20)), 4000, 161}), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::snmp
