#include "datapath/app/nats/nats_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::nats {
namespace {

using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;
constexpr std::string_view kInfo =
    "INFO {\"server_id\":\"NDAA\",\"server_name\":\"n1\",\"version\":\"2.9.10\",\"auth_required\":true} \r\n";

TEST(NatsParser, ALoginASubscriptionAndMessages) {
  for (const std::size_t piece : {1UL, 13UL, 4096UL}) {
    ParserDriver talk(AppProtocol::nats, piece);
    talk.down(kInfo);
    talk.up(
        "CONNECT "
        "{\"verbose\":false,\"user\":\"anna\",\"pass\":\"secret\",\"lang\":\"go\",\"name\":\"worker\"}\r\nPING\r\n");
    talk.down("PONG\r\n");
    talk.up("SUB orders.* workers 1\r\nPUB orders.new INBOX.1 11\r\nPUB x 1\r\n\r\n\r\nUNSUB 1\r\n");
    talk.down("MSG orders.new 1 INBOX.1 5\r\nhello\r\n");
    ASSERT_EQ(talk.size(), 8U);
    EXPECT_EQ(talk.record(0), R"({"command":"INFO","server":"n1","server_version":"2.9.10","auth_required":true})");
    EXPECT_EQ(talk.events(1), std::vector<std::string>{"plain_password"});
    EXPECT_EQ(talk.record(1), R"({"command":"CONNECT","user":"anna","client":"worker","language":"go"})");
    EXPECT_EQ(talk.record(4), R"({"command":"SUB","subject":"orders.*","queue":"workers"})");
    EXPECT_EQ(talk.record(5), R"({"command":"PUB","subject":"orders.new","reply_to":"INBOX.1","payload_bytes":11})");
    EXPECT_EQ(talk.buffer(5, "nats.subject", kUp), "orders.new");
    EXPECT_EQ(talk.buffer(5, "nats.subject", kDown), "(none)");
  }
}

TEST(NatsParser, ARefusalIsAnEvent) {
  ParserDriver talk(AppProtocol::nats);
  talk.down(kInfo);
  talk.up("CONNECT {}\r\n");
  talk.down("-ERR 'Authorization Violation'\r\n");
  EXPECT_EQ(talk.events(2), std::vector<std::string>{"auth_failed"});
  EXPECT_EQ(talk.buffer(2, "nats.error", kDown), "'Authorization Violation'");
}

TEST(NatsParser, HeadersAndDeliveries) {
  ParserDriver talk(AppProtocol::nats);
  talk.up("HPUB a 12 17\r\nNATS/1.0\r\n\r\nhello\r\n");
  talk.down("HMSG a 1 r 12 17\r\nNATS/1.0\r\n\r\nhello\r\n+OK\r\n");
  ASSERT_EQ(talk.size(), 3U);
  EXPECT_EQ(talk.record(1), R"({"command":"HMSG","subject":"a","reply_to":"r","payload_bytes":17})");
  EXPECT_EQ(talk.record(2), "");  // not worth a record
}

TEST(NatsParser, TlsBehindInfoChangesTheProtocol) {
  ParserDriver talk(AppProtocol::nats);
  talk.down(kInfo);
  EXPECT_EQ(talk.up("\x16\x03\x01"), Status::kChange);
  EXPECT_EQ(talk.next(), AppProtocol::tls);
}

TEST(NatsParser, WhatIsNoneOfTheProtocolEndsIt) {
  for (const char* line : {"PUB a b c d\r\n", "PUB a 99999999999\r\n", "GET / HTTP/1.1\r\n", "CONNECT x\r\n"}) {
    ParserDriver talk(AppProtocol::nats);
    EXPECT_EQ(talk.up(line), Status::kError) << line;
    EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_message"});
  }
}

TEST(NatsParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::nats);
  EXPECT_EQ(talk.probe(kDown, kInfo), Probe::kYes);
  EXPECT_EQ(talk.probe(kDown, "INFO"), Probe::kMore);
  EXPECT_EQ(talk.probe(kUp, "CONNECT {\"verbose\":false}\r\n"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "PUB a 5\r\n"), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "PUB a 5\r\n", 4222), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, "CONNECT host:443 HTTP/1.1\r\n"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::nats
