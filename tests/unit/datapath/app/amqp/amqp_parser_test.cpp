#include "datapath/app/amqp/amqp_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::amqp {
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
std::string frame(std::uint8_t type, std::uint16_t channel, const std::string& payload) {
  return be(type, 1) + be(channel, 2) + be(payload.size(), 4) + payload + "\xce";
}
std::string method(std::uint16_t channel, std::uint16_t c, std::uint16_t m, const std::string& arguments = "") {
  return frame(1, channel, be(c, 2) + be(m, 2) + arguments);
}
std::string brief(const std::string& text) {
  return be(text.size(), 1) + text;
}
std::string large(const std::string& text) {
  return be(text.size(), 4) + text;
}
const std::string kHeader = "AMQP\0\0\x09\x01"s;
const std::string kStart =
    method(0, 10, 10,
           "\0\x09"s + large(brief("product") + "S" + large("RabbitMQ")) + large("PLAIN AMQPLAIN") + large("en_US"));
std::string start_ok() {
  const std::string table =
      brief("capabilities") + "F" + large(brief("basic.nack") + "t\x01") + brief("product") + "S" + large("pika");
  return method(0, 10, 11, large(table) + brief("PLAIN") + large("\0anna\0secret"s) + brief("en_US"));
}

TEST(AmqpParser, ALoginAndAPublication) {
  for (const std::size_t piece : {1UL, 9UL, 4096UL}) {
    ParserDriver talk(AppProtocol::amqp, piece);
    talk.up(kHeader);
    talk.down(kStart);
    talk.up(start_ok() + method(0, 10, 40, brief("/shop") + "\0\0"s));
    talk.up(method(1, 60, 40, "\0\0"s + brief("orders") + brief("orders.new") + "\0"s) +
            frame(2, 1, std::string(20, 'h')) + frame(3, 1, "body"));
    ASSERT_EQ(talk.size(), 5U);
    EXPECT_EQ(talk.record(0), R"({"method":"protocol","version":"0-9-1"})");
    EXPECT_EQ(talk.record(1), R"({"method":"connection.start","product":"RabbitMQ","mechanism":"PLAIN AMQPLAIN"})");
    EXPECT_EQ(talk.record(2), R"({"method":"connection.start-ok","product":"pika","mechanism":"PLAIN","user":"anna"})");
    EXPECT_EQ(talk.record(3), R"({"method":"connection.open","user":"anna","vhost":"/shop"})");
    EXPECT_EQ(talk.record(4),
              R"({"method":"basic.publish","channel":1,"exchange":"orders","routing_key":"orders.new"})");
    EXPECT_EQ(talk.buffer(4, "amqp.method", kUp), "basic.publish");
    EXPECT_EQ(talk.buffer(4, "amqp.method", kDown), "(none)");
  }
}

TEST(AmqpParser, ARefusedLoginIsAnEvent) {
  ParserDriver talk(AppProtocol::amqp);
  talk.up(kHeader);
  talk.down(kStart);
  talk.up(start_ok());
  talk.down(method(0, 10, 50, be(403, 2) + brief("ACCESS_REFUSED - Login was refused") + be(0, 4)));
  EXPECT_EQ(talk.events(3), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(3, "amqp.error", kDown), "ACCESS_REFUSED - Login was refused");
  EXPECT_NE(talk.record(3).find(R"("reply_code":403)"), std::string::npos);
}

TEST(AmqpParser, MethodsWithQueues) {
  ParserDriver talk(AppProtocol::amqp);
  talk.up(kHeader + method(1, 50, 10, "\0\0"s + brief("jobs") + "\0"s) +
          method(1, 50, 20, "\0\0"s + brief("jobs") + brief("orders") + brief("#") + "\0"s) +
          method(1, 60, 20, "\0\0"s + brief("jobs") + brief("tag") + "\0"s));
  EXPECT_EQ(talk.record(2),
            R"({"method":"queue.bind","channel":1,"exchange":"orders","routing_key":"#","queue":"jobs"})");
  EXPECT_EQ(talk.record(3), R"({"method":"basic.consume","channel":1,"queue":"jobs","consumer":"tag"})");
}

TEST(AmqpParser, BrokenFramesAndMethods) {
  ParserDriver talk(AppProtocol::amqp);
  talk.up(kHeader + method(1, 50, 10, "\0\0\xff"s));
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"malformed_method"});
  std::string bad = method(1, 60, 80);
  bad.back() = 'x';
  EXPECT_EQ(talk.up(bad), Status::kError);
  EXPECT_EQ(talk.events(2), std::vector<std::string>{"malformed_frame"});
}

TEST(AmqpParser, OtherVersions) {
  ParserDriver one(AppProtocol::amqp);
  EXPECT_EQ(one.up("AMQP\x03\x01\0\0"s), Status::kDone);
  EXPECT_EQ(one.record(0), R"({"method":"protocol","version":"1.0"})");
  ParserDriver refused(AppProtocol::amqp);
  refused.up("AMQP\0\0\x09\x01"s);
  refused.down("AMQP\0\0\x09\x01"s);
  EXPECT_EQ(refused.events(1), std::vector<std::string>{"version_refused"});
}

TEST(AmqpParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::amqp);
  EXPECT_EQ(talk.probe(kUp, kHeader), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "AMQ"), Probe::kMore);
  EXPECT_EQ(talk.probe(kDown, kStart), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "AMQPxxxx"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::amqp
