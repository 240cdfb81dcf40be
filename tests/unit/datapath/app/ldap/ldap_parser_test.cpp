#include "datapath/app/ldap/ldap_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::ldap {
namespace {

using namespace std::string_literals;
using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

std::string element(std::uint8_t tag, const std::string& body) {
  std::string out(1, static_cast<char>(tag));
  if (body.size() >= 0x80) {
    out += '\x82';
    out += static_cast<char>(body.size() >> 8);
  }
  return out + static_cast<char>(body.size() & 0xff) + body;
}
std::string text(const std::string& value) {
  return element(4, value);
}
std::string message(char id, std::uint8_t operation, const std::string& body) {
  return element(0x30, element(2, std::string(1, id)) + element(operation, body));
}
std::string bind(char id, const std::string& dn, const std::string& password) {
  return message(id, 0x60, element(2, "\x03") + text(dn) + element(0x80, password));
}
std::string result(char id, std::uint8_t operation, char code, const std::string& said = "") {
  return message(id, operation, element(10, std::string(1, code)) + text("") + text(said));
}

TEST(LdapParser, ABindAndASearch) {
  for (const std::size_t piece : {1UL, 10UL, 4096UL}) {
    ParserDriver talk(AppProtocol::ldap, piece);
    talk.up(bind(1, "cn=anna,dc=x", "secret"));
    talk.down(result(1, 0x61, 0));
    const std::string filter = element(
        0xa0, element(0xa3, text("uid") + text("a*b")) + element(0x87, "mail") +
                  element(0xa2, element(0xa4, text("cn") + element(0x30, element(0x80, "x") + element(0x82, "y")))));
    talk.up(message(2, 0x63,
                    text("dc=x") + element(10, "\x02") + element(10, "\0"s) + element(2, "\0"s) + element(2, "\0"s) +
                        element(1, "\0"s) + filter + element(0x30, text("userPassword") + text("uid"))));
    talk.down(message(2, 0x64, text("uid=a,dc=x") + element(0x30, "")) +
              message(2, 0x64, text("uid=b,dc=x") + element(0x30, "")) + result(2, 0x65, 0));
    ASSERT_EQ(talk.size(), 2U);
    EXPECT_EQ(
        talk.record(0),
        R"({"operation":"bind_request","message_id":1,"dn":"cn=anna,dc=x","mechanism":"simple","result_code":0,"result":"success"})");
    EXPECT_EQ(
        talk.record(1),
        R"x({"operation":"search_request","message_id":2,"dn":"dc=x","scope":"subtree","filter":"(&(uid=a\\2ab)(mail=*)(!(cn=x*y)))",)x"
        R"("attributes":["userPassword","uid"],"entries":2,"result_code":0,"result":"success"})");
    EXPECT_EQ(talk.buffer(1, "ldap.attribute", kUp, 0), "userPassword");
    EXPECT_TRUE(talk.complete(1, kDown));
  }
}

TEST(LdapParser, RefusedAnonymousAndPlainBinds) {
  ParserDriver talk(AppProtocol::ldap);
  talk.up(bind(1, "cn=root", "guess") + bind(2, "", ""));
  talk.down(result(1, 0x61, 49, "bad password") + result(2, 0x61, 0));
  EXPECT_EQ(talk.events(0), (std::vector<std::string>{"plain_password", "auth_failed"}));
  EXPECT_EQ(talk.buffer(0, "ldap.result", kDown), "invalid_credentials");
  EXPECT_EQ(talk.buffer(0, "ldap.message", kDown), "bad password");
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"anonymous_bind"});
  EXPECT_EQ(talk.record(0).find("guess"), std::string::npos);
}

TEST(LdapParser, StartTlsChangesTheProtocol) {
  ParserDriver talk(AppProtocol::ldap);
  talk.up(message(1, 0x77, element(0x80, "1.3.6.1.4.1.1466.20037")));
  EXPECT_EQ(talk.down(result(1, 0x78, 0)), Status::kChange);
  EXPECT_EQ(talk.next(), AppProtocol::tls);
}

TEST(LdapParser, BehindASealedBindNothingIsRead) {
  ParserDriver talk(AppProtocol::ldap);
  talk.up(message(1, 0x60, element(2, "\x03") + text("") + element(0xa3, text("GSSAPI") + text("token"))));
  talk.down(result(1, 0x61, 0));
  EXPECT_EQ(talk.up("\0\0\0\x10 sealed"s), Status::kDone);
  EXPECT_TRUE(talk.events(0).empty());
}

TEST(LdapParser, OtherOperations) {
  ParserDriver talk(AppProtocol::ldap);
  talk.up(message(1, 0x4a, "uid=a,dc=x") + message(2, 0x66, text("uid=b,dc=x") + element(0x30, "")) +
          message(3, 0x42, ""));
  talk.down(result(2, 0x67, 50, "no write access"));
  EXPECT_EQ(talk.record(0), R"({"operation":"del_request","message_id":1,"dn":"uid=a,dc=x"})");
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"auth_failed"});
  EXPECT_TRUE(talk.complete(2, kDown));
}

TEST(LdapParser, WhatIsNoMessageEndsIt) {
  ParserDriver talk(AppProtocol::ldap);
  EXPECT_EQ(talk.up("GET / HTTP/1.1\r\n"), Status::kError);
  ParserDriver other(AppProtocol::ldap);
  EXPECT_EQ(other.up(element(0x30, element(4, "x") + element(0x60, "abc"))), Status::kError);
  EXPECT_EQ(other.events(0), std::vector<std::string>{"malformed_message"});
  ParserDriver response(AppProtocol::ldap);
  response.down(result(9, 0x65, 0));
  EXPECT_EQ(response.events(0), std::vector<std::string>{"unmatched_response"});
}

TEST(LdapParser, FiltersAreBounded) {
  std::string nested = element(0x87, "a");
  for (int i = 0; i < 40; ++i) nested = element(0xa2, nested);
  BerReader deep({reinterpret_cast<const Byte*>(nested.data()), nested.size()});
  std::string out;
  append_filter(out, deep, 0, 1024);
  EXPECT_LE(out.size(), 60U);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += element(0x87, "attribute");
  const std::string wide = element(0xa0, many.substr(0, 60'000));
  BerReader all({reinterpret_cast<const Byte*>(wide.data()), wide.size()});
  out.clear();
  append_filter(out, all, 0, 1024);
  EXPECT_LE(out.size(), 1024U);
}

TEST(LdapParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::ldap);
  EXPECT_EQ(talk.probe(kUp, bind(1, "cn=a", "b")), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "\x30"), Probe::kMore);
  EXPECT_EQ(talk.probe(kDown, result(1, 0x61, 0)), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, result(1, 0x61, 0)), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "\x30\x1a\x02\x01\x01\x04\x06public\xa0\x0d"), Probe::kNo);  // SNMP
}

}  // namespace
}  // namespace bulkhead::app::ldap
