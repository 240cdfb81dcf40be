#include "datapath/app/mongodb/mongodb_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/mongodb/bson.h"
#include "tests/support/parser_driver.h"

namespace bulkhead::app::mongodb {
namespace {

using namespace std::string_literals;
using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

std::string le(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}
std::string document(const std::string& elements) {
  return le(elements.size() + 5, 4) + elements + '\0';
}
std::string text(const std::string& name, const std::string& value) {
  return "\x02" + name + '\0' + le(value.size() + 1, 4) + value + '\0';
}
std::string nested(const std::string& name, const std::string& elements) {
  return "\x03" + name + '\0' + document(elements);
}
std::string number(const std::string& name, std::uint32_t value) {
  return "\x10" + name + '\0' + le(value, 4);
}
std::string message(std::uint32_t id, std::uint32_t response_to, std::uint32_t opcode, const std::string& body) {
  return le(body.size() + 16, 4) + le(id, 4) + le(response_to, 4) + le(opcode, 4) + body;
}
std::string msg(std::uint32_t id, std::uint32_t response_to, const std::string& elements, std::uint32_t flags = 0) {
  return message(id, response_to, 2013, le(flags, 4) + '\0' + document(elements));
}

TEST(MongodbParser, ACommandAndItsReply) {
  for (const std::size_t piece : {1UL, 9UL, 4096UL}) {
    ParserDriver talk(AppProtocol::mongodb, piece);
    talk.up(msg(7, 0,
                text("find", "users") + nested("filter", nested("password", text("$ne", "x"))) + text("$db", "shop")));
    talk.down(msg(1, 7, number("ok", 1)));
    ASSERT_EQ(talk.size(), 1U);
    EXPECT_EQ(talk.record(0),
              R"({"opcode":"msg","request_id":7,"command":"find","database":"shop","collection":"users",)"
              R"("operators":["$ne"],"ok":true})");
    EXPECT_TRUE(talk.complete(0, kDown));
    EXPECT_EQ(talk.buffer(0, "mongodb.operator", kUp), "$ne");
  }
}

TEST(MongodbParser, ALoginThatIsRefused) {
  ParserDriver talk(AppProtocol::mongodb);
  const std::string payload = "n,,n=anna,r=abc";
  talk.up(msg(1, 0,
              number("saslStart", 1) + text("mechanism", "SCRAM-SHA-256") + "\x05payload\0"s + le(payload.size(), 4) +
                  '\0' + payload + text("$db", "admin")));
  talk.down(msg(2, 1,
                "\x01ok\0"s + std::string(8, '\0') + text("errmsg", "Authentication failed.") + number("code", 18) +
                    text("codeName", "AuthenticationFailed")));
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(0, "mongodb.user", kUp), "anna");
  EXPECT_EQ(talk.buffer(0, "mongodb.error", kDown), "Authentication failed.");
  EXPECT_NE(talk.record(0).find(R"("ok":false,"error_code":18,"error_name":"AuthenticationFailed")"),
            std::string::npos);
}

TEST(MongodbParser, TheOldQueryForm) {
  ParserDriver talk(AppProtocol::mongodb);
  talk.up(
      message(3, 0, 2004,
              le(0, 4) + "admin.$cmd\0"s + le(0, 4) + le(1, 4) +
                  document(number("isMaster", 1) + nested("client", nested("application", text("name", "shell")) +
                                                                        nested("driver", text("name", "pymongo"))))));
  talk.down(message(9, 3, 1, le(8, 4) + le(0, 8) + le(0, 4) + le(1, 4) + document(number("ok", 1))));
  EXPECT_EQ(
      talk.record(0),
      R"({"opcode":"query","request_id":3,"command":"isMaster","database":"admin","application":"shell","driver":"pymongo","ok":true})");
}

TEST(MongodbParser, RepliesFindTheirRequestsById) {
  ParserDriver talk(AppProtocol::mongodb);
  talk.up(msg(1, 0, number("ping", 1)) + msg(2, 0, text("drop", "users")) + msg(3, 0, number("hello", 1), 2));
  talk.down(msg(10, 2, number("ok", 1)) + msg(11, 1, number("ok", 1)));
  ASSERT_EQ(talk.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(talk.complete(i, kDown)) << i;
  EXPECT_EQ(talk.record(2).find("ok"), std::string::npos);  // sent without waiting
}

TEST(MongodbParser, JavaScriptForTheServerIsAnEvent) {
  ParserDriver talk(AppProtocol::mongodb);
  talk.up(msg(1, 0, text("find", "u") + nested("filter", text("$where", "sleep(1000)")) + text("$db", "d")));
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"server_script"});
}

TEST(MongodbParser, BrokenDocumentsAreEventsAndBrokenHeadsTheEnd) {
  ParserDriver talk(AppProtocol::mongodb);
  talk.up(message(1, 0, 2013,
                  le(0, 4) + '\0' + le(50, 4) +
                      "\x02"
                      "a\0"s +
                      le(99, 4) + "x"));
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_document"});
  EXPECT_EQ(talk.up(le(5, 4) + std::string(12, '\0')), Status::kError);
}

class Counter final : public BsonVisitor {
 public:
  void visit(const BsonElement& element) override {
    ++count;
    deepest = std::max(deepest, element.depth);
  }
  unsigned count = 0, deepest = 0;
};

TEST(Bson, DepthAndElementsAreBounded) {
  std::string deep = document("");
  for (int i = 0; i < 100; ++i)
    deep = document(
        "\x03"
        "a\0"s +
        deep);
  Counter visitor;
  std::size_t length = 0;
  EXPECT_TRUE(walk_bson({reinterpret_cast<const Byte*>(deep.data()), deep.size()}, visitor, length));
  EXPECT_EQ(visitor.deepest, 11U);
  std::string wide;
  for (int i = 0; i < 5000; ++i)
    wide +=
        "\x0a"
        "a\0"s;
  wide = document(wide);
  Counter other;
  EXPECT_FALSE(walk_bson({reinterpret_cast<const Byte*>(wide.data()), wide.size()}, other, length));
  EXPECT_EQ(other.count, 1000U);
}

TEST(MongodbParser, IsRecognisedByItsHeads) {
  const ParserDriver talk(AppProtocol::mongodb);
  EXPECT_EQ(talk.probe(kUp, msg(1, 0, number("ping", 1))), Probe::kYes);
  EXPECT_EQ(talk.probe(kDown, msg(1, 1, number("ok", 1))), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, msg(1, 5, number("ping", 1))), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, std::string(40, 'x')), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::mongodb
