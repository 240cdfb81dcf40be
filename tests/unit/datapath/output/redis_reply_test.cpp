#include "datapath/output/redis_reply.h"

#include <gtest/gtest.h>

namespace bulkhead::output {
namespace {

TEST(RedisReply, ReadsEachKind) {
  for (const std::string text :
       {"+OK\r\n", ":5\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*2\r\n:1\r\n$1\r\nx\r\n", "*0\r\n", "*-1\r\n"}) {
    const RedisReply reply = read_redis_reply(text + "+next\r\n");
    EXPECT_EQ(reply.answer, RedisAnswer::kTaken) << text;
    EXPECT_EQ(reply.size, text.size()) << text;
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(read_redis_reply(text.substr(0, size)).answer, RedisAnswer::kMore) << text << " cut at " << size;
    }
  }
}

TEST(RedisReply, KeepsTheWordsOfARefusal) {
  const RedisReply reply = read_redis_reply("-WRONGTYPE no\r\n+OK\r\n");
  EXPECT_EQ(reply.answer, RedisAnswer::kRefused);
  EXPECT_EQ(reply.error, "WRONGTYPE no");
  EXPECT_EQ(reply.size, 15U);
}

TEST(RedisReply, RefusesWhatIsNoRespOrTooMuch) {
  for (const std::string& text : {std::string("HTTP/1.1 400\r\n"), std::string("\r\n"), std::string("$x\r\n"),
                                  std::string("$-2\r\n"), std::string("$99999999\r\n"), std::string("$1\r\nabc"),
                                  std::string("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"), "+" + std::string(5000, 'x')}) {
    EXPECT_EQ(read_redis_reply(text).answer, RedisAnswer::kBad) << text.substr(0, 20);
  }
  std::string many = "*2000\r\n";
  for (int i = 0; i < 2000; ++i) many += ":1\r\n";
  EXPECT_EQ(read_redis_reply(many).answer, RedisAnswer::kBad);
}

TEST(RedisReply, WritesCommands) {
  std::string out;
  append_redis_command({"XADD", "k", "*"}, out);
  EXPECT_EQ(out, "*3\r\n$4\r\nXADD\r\n$1\r\nk\r\n$1\r\n*\r\n");
}

}  // namespace
}  // namespace bulkhead::output
