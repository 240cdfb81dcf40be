#include "datapath/app/redis/redis_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::redis {
namespace {

using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

TEST(RedisParser, ACommandAndItsReplyInPiecesOfAnySize) {
  for (const std::size_t piece : {1UL, 2UL, 7UL, 4096UL}) {
    ParserDriver talk(AppProtocol::redis, piece);
    talk.up("*3\r\n$3\r\nset\r\n$3\r\nkey\r\n$5\r\nva\r\nl\r\n");
    ASSERT_EQ(talk.size(), 1U);
    EXPECT_TRUE(talk.complete(0, kUp));
    EXPECT_FALSE(talk.complete(0, kDown));
    talk.down("+OK\r\n");
    EXPECT_TRUE(talk.complete(0, kDown));
    EXPECT_EQ(
        talk.record(0),
        R"({"command":"SET","arguments":["key","va\r\nl"],"argument_count":2,"reply":{"type":"simple","text":"OK"}})");
    EXPECT_EQ(talk.buffer(0, "redis.argument", kUp, 1), "va\r\nl");
  }
}

TEST(RedisParser, PipelinedCommandsTakeTheirRepliesInOrder) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n");
  talk.down("+PONG\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n");
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_EQ(talk.record(1), R"({"command":"GET","arguments":["a"],"argument_count":1,"reply":{"type":"null"}})");
  EXPECT_EQ(talk.record(2), R"({"command":"KEYS","arguments":["*"],"argument_count":1,"reply":{"type":"array"}})");
  EXPECT_TRUE(talk.complete(2, kDown));
}

TEST(RedisParser, InlineCommandsHaveWordsAndQuotes) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("\r\nset  \"a b\" 'c'\r\n");
  ASSERT_EQ(talk.size(), 1U);
  EXPECT_EQ(talk.record(0), R"({"command":"SET","arguments":["a b","c"],"argument_count":2,"inline":true})");
}

TEST(RedisParser, ARefusedPasswordIsAnEventAndStaysOutOfTheLog) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("*3\r\n$4\r\nAUTH\r\n$4\r\nanna\r\n$6\r\nsecret\r\n");
  talk.down("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(0, "redis.argument", kUp, 1), "secret");
  EXPECT_EQ(talk.record(0).find("secret"), std::string::npos);
  EXPECT_NE(talk.record(0).find(R"("user":"anna")"), std::string::npos);
  EXPECT_TRUE(talk.buffer(0, "redis.error", kDown).starts_with("WRONGPASS"));
}

TEST(RedisParser, SilentCommandsWaitForNoReply) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("CLIENT REPLY OFF\r\nSET a 1\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nGET a\r\nPING\r\n");
  talk.down("+OK\r\n+PONG\r\n");
  ASSERT_EQ(talk.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(talk.complete(i, kDown)) << i;
  EXPECT_NE(talk.record(5).find("PONG"), std::string::npos);
  EXPECT_EQ(talk.record(4).find("reply"), std::string::npos);
}

TEST(RedisParser, PushesAndAttributesAreNoReplies) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("GET a\r\n");
  talk.down(">2\r\n+message\r\n+x\r\n|1\r\n+ttl\r\n:3600\r\n*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n");
  ASSERT_EQ(talk.size(), 2U);
  EXPECT_EQ(talk.record(1), R"({"reply":{"type":"push"}})");
  EXPECT_NE(talk.record(0).find(R"("type":"array")"), std::string::npos);
  EXPECT_TRUE(talk.complete(0, kDown));
}

TEST(RedisParser, WhatBreaksTheProtocolEndsIt) {
  ParserDriver requests(AppProtocol::redis);
  EXPECT_EQ(requests.up("*2\r\n+x\r\n"), Status::kError);
  EXPECT_EQ(requests.events(0), std::vector<std::string>{"malformed_request"});
  ParserDriver replies(AppProtocol::redis);
  EXPECT_EQ(replies.down("$99999999999999\r\n"), Status::kError);
  EXPECT_EQ(replies.events(0), std::vector<std::string>{"malformed_reply"});
  ParserDriver deep(AppProtocol::redis);
  std::string nested;
  for (int i = 0; i < 40; ++i) nested += "*1\r\n";
  EXPECT_EQ(deep.down(nested), Status::kError);
  EXPECT_EQ(deep.events(0).front(), "too_deep");
}

TEST(RedisParser, WhatIsKeptIsBounded) {
  ParserDriver talk(AppProtocol::redis, 1000);
  talk.up("*50\r\n$4\r\nMSET\r\n");
  for (int i = 0; i < 49; ++i) talk.up("$2000\r\n" + std::string(2000, 'x') + "\r\n");
  const auto& tx = static_cast<const RedisTransaction&>(talk.tx(0));
  EXPECT_EQ(tx.arguments.size(), kMaxArguments);
  EXPECT_EQ(tx.arguments[0].size(), kMaxArgument);
  EXPECT_EQ(tx.argument_count, 49U);
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"too_many_arguments"});
}

TEST(RedisParser, AGapInsideOfABulkDoesNoHarm) {
  ParserDriver talk(AppProtocol::redis);
  talk.up("*2\r\n$3\r\nGET\r\n$100\r\n" + std::string(10, 'k'));
  EXPECT_TRUE(talk.parser().gap(kUp, 80));
  talk.up(std::string(10, 'k') + "\r\n");
  EXPECT_TRUE(talk.complete(0, kUp));
  EXPECT_FALSE(talk.parser().gap(kUp, 1));
}

TEST(RedisParser, IsRecognisedOnAnyPort) {
  const ParserDriver talk(AppProtocol::redis);
  EXPECT_EQ(talk.probe(kUp, "*1\r\n$4\r\nPING\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "*1\r\n$"), Probe::kMore);
  EXPECT_EQ(talk.probe(kUp, "CONFIG SET dir /root/.ssh\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "AUTH x\r\n"), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "AUTH x\r\n", 6379), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "GET / HTTP/1.1\r\n", 6379), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "*bold*\r\n"), Probe::kNo);
  EXPECT_EQ(talk.probe(kDown, "-NOAUTH Authentication required.\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kDown, "+OK\r\n"), Probe::kNo);
}

// What is all there is read at once, what comes byte by byte in steps: the same must come of it.
TEST(RedisParser, ReadsAtOnceWhatItReadsInSteps) {
  const auto bulk = [](std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  };
  const std::string words[] = {"get", "SET", "client", "REPLY", "on", "auth", "", "a\r\nb", std::string(1500, 'x'),
                               "k"};
  const std::string replies[] = {"+OK\r\n",
                                 "-ERR no\r\n",
                                 "-NOAUTH who\r\n",
                                 ":12\r\n",
                                 "$-1\r\n",
                                 "*-1\r\n",
                                 "*0\r\n",
                                 "+\r\n",
                                 bulk(""),
                                 bulk("value"),
                                 bulk(words[8]),
                                 "*2\r\n:1\r\n" + bulk("a"),
                                 "!5\r\nERR x\r\n",
                                 "#t\r\n",
                                 ",1.5\r\n",
                                 "*2\r\n*1\r\n+a\r\n-e\r\n",
                                 "+alone\n",
                                 "_\r\n",
                                 "%1\r\n+k\r\n:007\r\n"};
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string up, down;
    for (std::size_t commands = 1 + random() % 4; commands > 0; --commands) {
      const std::size_t count = random() % 8 == 0 ? 40 : 1 + random() % 5;
      up += "*" + std::to_string(count) + "\r\n";
      for (std::size_t i = 0; i < count; ++i) up += bulk(words[random() % std::size(words)]);
      down += replies[random() % std::size(replies)];
    }
    ParserDriver whole(AppProtocol::redis), steps(AppProtocol::redis, 1);
    for (ParserDriver* talk : {&whole, &steps}) {
      EXPECT_EQ(talk->up(up), Status::kOk);
      EXPECT_EQ(talk->down(down), Status::kOk);
    }
    ASSERT_EQ(whole.size(), steps.size()) << up << down;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      EXPECT_EQ(whole.record(i), steps.record(i)) << up << down;
      EXPECT_EQ(whole.events(i), steps.events(i)) << up << down;
      EXPECT_EQ(whole.buffer(i, "redis.reply", kDown), steps.buffer(i, "redis.reply", kDown)) << down;
      EXPECT_EQ(whole.complete(i, kDown), steps.complete(i, kDown));
    }
  }
}

}  // namespace
}  // namespace bulkhead::app::redis
