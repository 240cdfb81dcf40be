#include "datapath/app/app_layer.h"

#include <gtest/gtest.h>

#include "datapath/app/http/http_transaction.h"
#include "tests/support/tcp_conversation.h"

namespace bulkhead::app {
namespace {

using namespace decode::tcp_flag;
using test::kToClient;
using test::kToServer;

// A conversation whose readable bytes go to the application layer after every packet.
class Layered {
 public:
  Layered() { talk.handshake(); }
  void send(Direction d, const test::Segment& spec) {
    const stream::StreamUpdate update = talk.send(d, spec);
    for (const Direction each : {Direction::kToServer, Direction::kToClient}) {
      layer.stream(*talk.flow, each, update.session->side(each), false, {});
    }
  }
  AppFlow* state() { return app_flow(*talk.flow); }
  test::TcpConversation talk;
  AppLayer layer{AppSettings()};
};

TEST(AppLayer, TheRequestIsParsedOnceAcknowledged) {
  Layered l;
  l.send(kToServer, {.seq = 1, .ack = 1, .data = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"});
  EXPECT_TRUE(l.state() == nullptr || l.state()->protocol == AppProtocol::kUnknown);
  l.send(kToClient, {.seq = 1, .ack = 29});
  ASSERT_NE(l.state(), nullptr);
  EXPECT_EQ(l.state()->protocol, AppProtocol::http1);
  ASSERT_EQ(l.state()->parser->transactions().size(), 1U);
  EXPECT_EQ(static_cast<http::HttpTransaction&>(*l.state()->parser->transactions()[0]).uri, "/x");
}

TEST(AppLayer, BytesOfNoKnownProtocolFail) {
  Layered l;
  l.send(kToServer, {.seq = 1, .ack = 1, .data = "\x01\x02 nothing known"});
  l.send(kToClient, {.seq = 1, .ack = 17, .data = "\x03\x04 neither"});
  l.send(kToServer, {.seq = 17, .ack = 11});
  EXPECT_EQ(l.state()->protocol, AppProtocol::kFailed);
  EXPECT_TRUE(l.state()->sides[0].stopped);
}

TEST(AppLayer, AnAnswerThatIsNotRecognisedBelongsToTheRequestsProtocol) {
  Layered l;
  l.send(kToServer, {.seq = 1, .ack = 1, .data = "GET /x\r\n"});
  l.send(kToClient, {.seq = 1, .ack = 9, .data = "old answer"});
  l.send(kToServer, {.seq = 9, .ack = 11});
  EXPECT_EQ(l.state()->protocol, AppProtocol::http1);
  EXPECT_EQ(l.state()->sides[1].detected, AppProtocol::http1);
  auto& tx = static_cast<http::HttpTransaction&>(*l.state()->parser->transactions().at(0));
  EXPECT_EQ(tx.message(Direction::kToClient).body.size(), 10U);
}

}  // namespace
}  // namespace bulkhead::app
