#include "datapath/app/mysql/mysql_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::mysql {
namespace {

using namespace std::string_literals;
using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

std::string packet(int sequence, const std::string& payload) {
  std::string out;
  for (unsigned i = 0; i < 3; ++i) out += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  return out + static_cast<char>(sequence) + payload;
}
// Protocol 4.1, plugin authentication, no deprecated EOF; TLS offered when asked.
std::string greeting(bool tls = false) {
  return packet(0,
                "\x0a"
                "8.0.36\0"s +
                    "\x05\0\0\0"
                    "12345678\0"s +
                    (tls ? "\xff\xff"s : "\xdf\xf7"s) + "\xff\x02\0\xff\0\x15"s + std::string(10, '\0') +
                    "123456789012\0caching_sha2_password\0"s);
}
std::string login(const std::string& user, const std::string& database) {
  return packet(1, "\x8d\xa2\x0a\0\0\0\0\x01\xff"s + std::string(23, '\0') + user +
                       "\0\x04"
                       "hash"s +
                       database + "\0mysql_native_password\0"s);
}
const std::string kOk = packet(2, "\0\0\0\x02\0\0\0"s);

TEST(MysqlParser, ALoginAndAQueryWithRows) {
  for (const std::size_t piece : {1UL, 5UL, 4096UL}) {
    ParserDriver talk(AppProtocol::mysql, piece);
    talk.down(greeting());
    talk.up(login("anna", "shop"));
    talk.down(kOk);
    ASSERT_EQ(talk.size(), 1U);
    EXPECT_EQ(talk.record(0),
              R"({"version":"8.0.36","user":"anna","database":"shop","auth_plugin":"mysql_native_password",)"
              R"("command":"login","status":"ok"})");
    talk.up(packet(0, "\x03SELECT 1 UNION SELECT 2"));
    talk.down(packet(1, "\x01") +
              packet(2,
                     "\x03"
                     "def"s +
                         std::string(20, 'c')) +
              packet(3, "\xfe\0\0\x02\0"s) +
              packet(4,
                     "\x01"
                     "1") +
              packet(5,
                     "\x01"
                     "2") +
              packet(6, "\xfe\0\0\x02\0"s));
    ASSERT_EQ(talk.size(), 2U);
    EXPECT_TRUE(talk.complete(1, kDown));
    EXPECT_EQ(
        talk.record(1),
        R"({"user":"anna","database":"shop","command":"query","query":"SELECT 1 UNION SELECT 2","status":"rows","rows":2})");
    EXPECT_EQ(talk.buffer(1, "mysql.query", kUp), "SELECT 1 UNION SELECT 2");
    EXPECT_EQ(talk.buffer(1, "mysql.user", kUp), "anna");
  }
}

TEST(MysqlParser, ARefusedLoginIsAnEvent) {
  ParserDriver talk(AppProtocol::mysql);
  talk.down(greeting());
  talk.up(login("root", ""));
  talk.down(packet(2, "\xff\x15\x04#28000Access denied for user 'root'@'10.0.0.1' (using password: YES)"));
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"auth_failed"});
  EXPECT_NE(talk.record(0).find(R"("error_code":1045,"sql_state":"28000","error":"Access denied)"), std::string::npos);
  EXPECT_TRUE(talk.buffer(0, "mysql.error", kDown).starts_with("Access denied"));
}

TEST(MysqlParser, AnErrorAndSeveralResults) {
  ParserDriver talk(AppProtocol::mysql);
  talk.down(greeting());
  talk.up(login("anna", ""));
  talk.down(kOk);
  talk.up(packet(0, "\x03SELEC"));
  talk.down(packet(1, "\xff\x28\x04#42000You have an error in your SQL syntax"));
  talk.up(packet(0, "\x03UPDATE a SET b=1; DELETE FROM c"));
  talk.down(packet(1, "\0\x03\0\x0a\0\0\0"s) + packet(2, "\0\x05\0\x02\0\0\0"s));
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_EQ(talk.buffer(1, "mysql.error", kDown), "You have an error in your SQL syntax");
  EXPECT_TRUE(talk.events(1).empty());
  EXPECT_TRUE(talk.complete(2, kDown));
  EXPECT_NE(talk.record(2).find(R"("affected_rows":5)"), std::string::npos);
}

TEST(MysqlParser, TheServerAsksForAFile) {
  ParserDriver talk(AppProtocol::mysql);
  talk.down(greeting());
  talk.up(login("anna", ""));
  talk.down(kOk);
  talk.up(packet(0, "\x03LOAD DATA LOCAL INFILE 'x' INTO TABLE y"));
  talk.down(packet(1, "\xfb/etc/passwd"));
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"local_infile"});
  EXPECT_FALSE(talk.complete(1, kDown));
  talk.up(packet(2, "root:x:0:0\n") + packet(3, ""));
  talk.down(packet(4, "\0\x01\0\x02\0\0\0"s));
  EXPECT_TRUE(talk.complete(1, kDown));
  EXPECT_EQ(talk.buffer(1, "mysql.infile", kDown), "/etc/passwd");
  EXPECT_EQ(talk.size(), 2U);
}

TEST(MysqlParser, TlsChangesTheProtocol) {
  ParserDriver talk(AppProtocol::mysql);
  talk.down(greeting(true));
  EXPECT_EQ(talk.up(packet(1, "\x8d\xae\x0a\0\0\0\0\x01\xff"s + std::string(23, '\0'))), Status::kChange);
  EXPECT_EQ(talk.next(), AppProtocol::tls);
  EXPECT_NE(talk.record(0).find(R"("tls":true)"), std::string::npos);
}

TEST(MysqlParser, WhatIsNoGreetingEndsIt) {
  ParserDriver talk(AppProtocol::mysql);
  EXPECT_EQ(talk.down(packet(0, "HTTP")), Status::kError);
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_data"});
}

TEST(MysqlParser, LargePacketsAreSkipped) {
  ParserDriver talk(AppProtocol::mysql, 50'000);
  talk.down(greeting());
  talk.up(login("anna", ""));
  talk.down(kOk);
  talk.up(packet(0, "\x03" + std::string(1'000'000, 'x')) + packet(0, "\x0e"));
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_LE(static_cast<const MysqlTransaction&>(talk.tx(1)).query.size(), 4096U);
  EXPECT_NE(talk.record(2).find("ping"), std::string::npos);
}

TEST(MysqlParser, IsRecognisedByGreetingAndLogin) {
  const ParserDriver talk(AppProtocol::mysql);
  EXPECT_EQ(talk.probe(kDown, greeting()), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, login("anna", "")), Probe::kYes);
  EXPECT_EQ(talk.probe(kDown, packet(0, std::string(60, '\x0a'))), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "GET / HTTP/1.1\r\n\r\n"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::mysql
