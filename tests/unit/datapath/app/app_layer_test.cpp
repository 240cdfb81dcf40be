#include "datapath/app/app_layer.h"

#include <gtest/gtest.h>

#include "datapath/app/http/http_transaction.h"
#include "tests/support/dns_maker.h"
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

// A UDP flow whose datagrams go to the application layer.
class Datagrams {
 public:
  Datagrams() {
    flow.client.source_port = 4000;
    flow.client.destination_port = 53;
    flow.client.protocol = ip_proto::kUdp;
    flow.counts[0].packets = 1;
  }
  bool send(Direction d, const std::string& bytes) {
    layer.datagram(flow, d, {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()}, {});
    return std::exchange(state().turned, false);
  }
  AppFlow& state() { return *app_flow(flow); }
  flow::Flow flow;
  AppLayer layer{AppSettings()};
};

const std::string kDnsQuery = test::dns_message({.questions = {test::dns_question("a.b")}});
const std::string kDnsAnswer = test::dns_message({.flags = 0x8180, .questions = {test::dns_question("a.b")}});

TEST(AppLayer, AnAnswerHeardFirstTurnsTheFlow) {
  Datagrams talk;
  EXPECT_TRUE(talk.send(kToServer, kDnsAnswer));
  EXPECT_EQ(talk.flow.client.source_port, 53);
  EXPECT_EQ(talk.flow.counts[1].packets, 1U);
  EXPECT_EQ(talk.state().sides[1].detected, AppProtocol::dns);
  EXPECT_FALSE(talk.send(kToServer, kDnsQuery));
  ASSERT_EQ(talk.state().parser->transactions().size(), 2U);
  EXPECT_TRUE(talk.state().parser->transactions()[0]->inspected[0]);
}

TEST(AppLayer, TheAnswerToADatagramOfNoProtocolMayStillTell) {
  Datagrams talk;
  talk.send(kToServer, "?");
  EXPECT_EQ(talk.state().protocol, AppProtocol::kFailed);
  talk.send(kToClient, kDnsAnswer);
  EXPECT_EQ(talk.state().protocol, AppProtocol::dns);
  EXPECT_TRUE(talk.state().events.empty());
  talk.send(kToServer, kDnsQuery);
  EXPECT_EQ(talk.state().parser->transactions().size(), 2U);
  Datagrams neither;
  neither.send(kToServer, "?");
  neither.send(kToClient, "!");
  EXPECT_TRUE(neither.state().sides[0].stopped);
}

TEST(AppLayer, AProtocolCanBeSwitchedOffOverOneTransport) {
  Datagrams talk;
  AppSettings settings;
  settings.not_over_udp.set(index_of(AppProtocol::dns));
  AppLayer layer(settings);
  layer.datagram(talk.flow, kToServer, {reinterpret_cast<const Byte*>(kDnsQuery.data()), kDnsQuery.size()}, {});
  EXPECT_EQ(talk.state().protocol, AppProtocol::kFailed);
}

}  // namespace
}  // namespace bulkhead::app
