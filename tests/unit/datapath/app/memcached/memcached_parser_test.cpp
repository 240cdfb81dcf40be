#include "datapath/app/memcached/memcached_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::memcached {
namespace {

using namespace std::string_literals;
using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

std::string binary(bool request, std::uint8_t opcode, std::uint16_t status, const std::string& key,
                   const std::string& value, const std::string& extras = "") {
  std::string out(24, '\0');
  out[0] = static_cast<char>(request ? 0x80 : 0x81);
  out[1] = static_cast<char>(opcode);
  out[3] = static_cast<char>(key.size());
  out[4] = static_cast<char>(extras.size());
  out[7] = static_cast<char>(status);
  out[11] = static_cast<char>(key.size() + value.size() + extras.size());
  return out + extras + key + value;
}

TEST(MemcachedParser, StoringAndFetching) {
  for (const std::size_t piece : {1UL, 6UL, 4096UL}) {
    ParserDriver talk(AppProtocol::memcached, piece);
    talk.up("set session:1 0 60 7\r\na\r\nget b\r\nget session:1 other\r\n");
    talk.down("STORED\r\nVALUE session:1 0 7\r\nEND\r\nab\r\nEND\r\n");
    ASSERT_EQ(talk.size(), 2U);
    EXPECT_EQ(talk.record(0),
              R"({"protocol":"text","command":"set","keys":["session:1"],"value_bytes":7,"status":"stored"})");
    EXPECT_EQ(talk.record(1),
              R"({"protocol":"text","command":"get","keys":["session:1","other"],"status":"end","values":1})");
    EXPECT_TRUE(talk.complete(1, kDown));
    EXPECT_EQ(talk.buffer(1, "memcached.key", kUp, 1), "other");
  }
}

TEST(MemcachedParser, ErrorsAndRefusals) {
  ParserDriver talk(AppProtocol::memcached);
  talk.up("bogus\r\nstats\r\nget a\r\n");
  talk.down("ERROR\r\nSTAT pid 1\r\nSTAT uptime 2\r\nEND\r\nCLIENT_ERROR unauthenticated\r\n");
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_NE(talk.record(0).find(R"("status":"error")"), std::string::npos);
  EXPECT_NE(talk.record(1).find(R"("status":"end")"), std::string::npos);
  EXPECT_EQ(talk.events(2), std::vector<std::string>{"auth_failed"});
}

TEST(MemcachedParser, SilentCommandsWaitForNothing) {
  ParserDriver talk(AppProtocol::memcached);
  talk.up("set a 0 0 1 noreply\r\nx\r\ndelete a noreply\r\nversion\r\n");
  talk.down("VERSION 1.6.18\r\n");
  ASSERT_EQ(talk.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(talk.complete(i, kDown)) << i;
}

TEST(MemcachedParser, MetaCommands) {
  ParserDriver talk(AppProtocol::memcached);
  talk.up("ms key 2 T60\r\nhi\r\nmg key v\r\nmn\r\n");
  talk.down("HD\r\nVA 2\r\nhi\r\nMN\r\n");
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_NE(talk.record(0).find(R"("keys":["key"],"value_bytes":2,"status":"hd")"), std::string::npos);
  EXPECT_NE(talk.record(1).find(R"("status":"value","values":1)"), std::string::npos);
}

TEST(MemcachedParser, TheBinaryProtocolWithALogin) {
  ParserDriver talk(AppProtocol::memcached, 5);
  talk.up(binary(true, 0x21, 0, "PLAIN", "\0anna\0secret"s) + binary(true, 0x00, 0, "key", ""));
  talk.down(binary(false, 0x21, 0x20, "", "Auth failure.") + binary(false, 0, 0, "", "value", "\0\0\0\0"s));
  ASSERT_EQ(talk.size(), 2U);
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(0, "memcached.user", kUp), "anna");
  EXPECT_EQ(talk.record(0).find("secret"), std::string::npos);
  EXPECT_EQ(talk.record(1), R"({"protocol":"binary","command":"get","keys":["key"],"status":"ok","values":1})");
}

TEST(MemcachedParser, WhatCannotBeEndsIt) {
  ParserDriver talk(AppProtocol::memcached);
  EXPECT_EQ(talk.up("set a 0 0 99999999999\r\n"), Status::kError);
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_request"});
  ParserDriver replies(AppProtocol::memcached);
  replies.up("get a\r\n");
  EXPECT_EQ(replies.down("VALUE a 0 x\r\n"), Status::kError);
  EXPECT_EQ(replies.events(0), std::vector<std::string>{"malformed_reply"});
}

TEST(MemcachedParser, AGapInAValueDoesNoHarm) {
  ParserDriver talk(AppProtocol::memcached);
  talk.up("set a 0 0 1000\r\nxxx");
  EXPECT_TRUE(talk.parser().gap(kUp, 900));
  talk.up(std::string(97, 'x') + "\r\nget a\r\n");
  EXPECT_EQ(talk.size(), 2U);
  EXPECT_FALSE(talk.parser().gap(kUp, 1));
}

TEST(MemcachedParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::memcached);
  EXPECT_EQ(talk.probe(kUp, "set a 0 0 5\r\nhello\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "stats\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "get me\r\n"), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "get me\r\n", 11211), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "\0\x01\0\0\0\x01\0\0stats\r\n"s), Probe::kYes);  // UDP
  EXPECT_EQ(talk.probe(kUp, binary(true, 0, 0, "key", "")), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "set x to 5\r\n"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::memcached
