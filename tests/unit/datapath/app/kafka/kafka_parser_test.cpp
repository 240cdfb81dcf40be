#include "datapath/app/kafka/kafka_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::kafka {
namespace {

using namespace std::string_literals;
using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

std::string be(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i > 0; --i) out += static_cast<char>(value >> (8 * (i - 1)) & 0xff);
  return out;
}
std::string text(const std::string& value) {
  return be(value.size(), 2) + value;
}
std::string compact(const std::string& value) {
  return be(value.size() + 1, 1) + value;
}
std::string request(std::uint16_t key, std::uint16_t version, std::uint32_t id, const std::string& body) {
  const std::string all = be(key, 2) + be(version, 2) + be(id, 4) + text("app-1") + body;
  return be(all.size(), 4) + all;
}
std::string response(std::uint32_t id, const std::string& body) {
  return be(body.size() + 4, 4) + be(id, 4) + body;
}

TEST(KafkaParser, TopicsOfOldAndFlexibleRequests) {
  for (const std::size_t piece : {1UL, 7UL, 4096UL}) {
    ParserDriver talk(AppProtocol::kafka, piece);
    talk.up(request(3, 1, 1, be(2, 4) + text("orders") + text("mail")));
    talk.up(request(3, 9, 2, "\0"s + "\x02" + compact("orders") + "\0"s + "\0\0\0\0"s));
    talk.up(request(
        0, 8, 3,
        be(0xffff, 2) + be(1, 2) + be(1000, 4) + be(1, 4) + text("orders") + be(1, 4) + be(0, 4) + be(5, 4) + "batch"));
    talk.up(request(1, 11, 4,
                    be(0, 4) + be(500, 4) + be(1, 4) + be(100, 4) + "\0"s + be(0, 4) + be(0, 4) + be(1, 4) +
                        text("mail") + be(1, 4) + std::string(4 + 4 + 8 + 8 + 4, '\0') + be(0, 4) + text("")));
    talk.up(
        request(19, 2, 5, be(1, 4) + text("new") + be(3, 4) + be(1, 2) + be(0, 4) + be(0, 4) + be(1000, 4) + "\0"s));
    talk.up(request(20, 1, 6, be(1, 4) + text("old") + be(1000, 4)));
    ASSERT_EQ(talk.size(), 6U);
    EXPECT_EQ(
        talk.record(0),
        R"({"api":"metadata","api_key":3,"api_version":1,"correlation_id":1,"client_id":"app-1","topics":["orders","mail"]})");
    EXPECT_EQ(talk.buffer(1, "kafka.topic", kUp), "orders");
    EXPECT_EQ(talk.buffer(2, "kafka.topic", kUp), "orders");
    EXPECT_EQ(talk.buffer(3, "kafka.topic", kUp), "mail");
    EXPECT_EQ(talk.buffer(4, "kafka.topic", kUp), "new");
    EXPECT_EQ(talk.buffer(4, "kafka.api", kUp), "create_topics");
    EXPECT_EQ(talk.buffer(5, "kafka.topic", kUp), "old");
    for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(talk.events(i).empty()) << i;
  }
}

TEST(KafkaParser, ALoginThatIsRefused) {
  ParserDriver talk(AppProtocol::kafka);
  talk.up(request(17, 1, 1, text("PLAIN")) + request(36, 1, 2, be(12, 4) + "\0anna\0secret"s));
  talk.down(response(1, be(0, 2) + be(1, 4) + text("PLAIN")));
  talk.down(response(2, be(58, 2) + text("Authentication failed: Invalid username or password") + be(0, 4)));
  EXPECT_EQ(talk.buffer(0, "kafka.client_id", kUp), "app-1");
  EXPECT_TRUE(talk.events(0).empty());
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(1, "kafka.user", kUp), "anna");
  EXPECT_TRUE(talk.buffer(1, "kafka.error", kDown).starts_with("Authentication failed"));
  EXPECT_EQ(talk.record(1).find("secret"), std::string::npos);
}

TEST(KafkaParser, ResponsesFindTheirRequestsAndSilentOnesNeedNone) {
  ParserDriver talk(AppProtocol::kafka);
  talk.up(request(18, 0, 1, "") + request(12, 0, 2, text("group-a") + be(1, 4) + text("m")));
  talk.up(request(0, 2, 3, be(0, 2) + be(1000, 4) + be(0, 4)));
  talk.down(response(2, be(0, 2)));
  EXPECT_FALSE(talk.complete(0, kDown));
  EXPECT_TRUE(talk.complete(1, kDown));
  EXPECT_TRUE(talk.complete(2, kDown));
  EXPECT_EQ(talk.buffer(1, "kafka.group", kUp), "group-a");
}

TEST(KafkaParser, WhatIsTooShortIsAnEventAndASizeThatCannotBeTheEnd) {
  ParserDriver talk(AppProtocol::kafka);
  talk.up(request(3, 1, 1, be(5, 4) + text("a")));
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_request"});
  talk.up(request(500, 0, 2, ""));
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"unknown_api"});
  EXPECT_EQ(talk.up(be(0xffffffff, 4)), Status::kError);
}

TEST(KafkaParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::kafka);
  EXPECT_EQ(talk.probe(kUp, request(18, 3, 1,
                                    "\0\x04librd\x02"
                                    "1\0"s)),
            Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, request(1, 11, 1, std::string(40, '\0'))), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, request(1, 11, 1, std::string(40, '\0')), 9092), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "\0\0\0"s), Probe::kMore);
  EXPECT_EQ(talk.probe(kUp, "GET / HTTP/1.1\r\n"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::kafka
