#include "datapath/app/stratum/stratum_parser.h"

#include <gtest/gtest.h>

#include "tests/support/parser_driver.h"

namespace bulkhead::app::stratum {
namespace {

using test::ParserDriver;
using Status = ParseResult::Status;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

TEST(StratumParser, BitcoinMinersSubscribeAndAuthorize) {
  for (const std::size_t piece : {1UL, 11UL, 4096UL}) {
    ParserDriver talk(AppProtocol::stratum, piece);
    talk.up(
        "{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cpuminer/2.5.1\"]}\n"
        "{\"id\": 2, \"method\": \"mining.authorize\", \"params\": [\"bc1qwallet.rig1\", \"x\"]}\n");
    talk.down(
        "{\"id\":1,\"result\":[[[\"mining.notify\",\"1\"]],\"08\",4],\"error\":null}\n"
        "{\"id\":2,\"result\":false,\"error\":[24,\"Unauthorized worker\",null]}\n"
        "{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"job\"]}\n");
    ASSERT_EQ(talk.size(), 3U);
    EXPECT_EQ(talk.record(0), R"({"method":"mining.subscribe","id":"1","agent":"cpuminer/2.5.1","result":"accepted"})");
    EXPECT_EQ(
        talk.record(1),
        R"({"method":"mining.authorize","id":"2","worker":"bc1qwallet.rig1","result":"refused","error":"Unauthorized worker"})");
    EXPECT_EQ(talk.events(1), std::vector<std::string>{"login_refused"});
    EXPECT_EQ(talk.record(2), R"({"method":"mining.notify","from_pool":true})");
    EXPECT_EQ(talk.buffer(2, "stratum.method", kDown), "mining.notify");
    EXPECT_EQ(talk.buffer(2, "stratum.method", kUp), "(none)");
  }
}

TEST(StratumParser, MoneroMinersLogIn) {
  ParserDriver talk(AppProtocol::stratum);
  talk.up(
      R"({"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4wallet","pass":"x","agent":"XMRig/6.20.0","algo":["rx/0"]}})"
      "\n");
  talk.down(
      R"({"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"r","job":{"blob":"07","target":"ff"},"status":"OK"}})"
      "\n");
  talk.up(R"({"id":2,"method":"submit","params":{"id":"r","job_id":"1","nonce":"0","result":"0"}})"
          "\n");
  talk.down(R"({"id":2,"error":{"code":-1,"message":"Low difficulty share"}})"
            "\n");
  ASSERT_EQ(talk.size(), 2U);
  EXPECT_EQ(talk.buffer(0, "stratum.worker", kUp), "4wallet");
  EXPECT_EQ(talk.buffer(0, "stratum.agent", kUp), "XMRig/6.20.0");
  EXPECT_NE(talk.record(0).find(R"("result":"accepted")"), std::string::npos);
  EXPECT_EQ(talk.events(1), std::vector<std::string>{"share_refused"});
  EXPECT_EQ(talk.buffer(1, "stratum.error", kDown), "Low difficulty share");
}

TEST(StratumParser, WhatIsNoJsonEndsIt) {
  ParserDriver talk(AppProtocol::stratum);
  EXPECT_EQ(talk.up("{\"id\":1,\"method\":\n"), Status::kError);
  EXPECT_EQ(talk.events(0), std::vector<std::string>{"malformed_message"});
}

TEST(StratumParser, IsRecognised) {
  const ParserDriver talk(AppProtocol::stratum);
  EXPECT_EQ(talk.probe(kUp, R"({"id":1,"method":"mining.subscribe","params":[]})"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, R"({"method":"login","params":{"login":"a","pass":"x"},"id":1})"), Probe::kYes);
  EXPECT_EQ(talk.probe(kUp, R"({"method":"login","user":"anna"})"), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, R"({"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1})"), Probe::kNo);
  EXPECT_EQ(talk.probe(kUp, "[1]"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::stratum
