#include "datapath/stream/tcp_tracker.h"

#include <gtest/gtest.h>

#include "tests/support/tcp_conversation.h"

namespace bulkhead::stream {
namespace {

using namespace decode::tcp_flag;
using flow::FlowState;
using flow::TcpState;
using test::kToClient;
using test::kToServer;
using test::TcpConversation;
using Event = StreamEvent;

std::string names(const StreamUpdate& u) {
  std::string out;
  for (const Event e : u.events) out += (out.empty() ? "" : " ") + std::string(info(e).name);
  return out;
}

TEST(TcpTracker, ThreeWayHandshakeIsEstablishedByItsAck) {
  TcpConversation c;
  EXPECT_TRUE(c.send(kToServer, {.flags = kSyn}).events.empty());
  EXPECT_EQ(c.state(), TcpState::kSynSent);
  EXPECT_TRUE(c.send(kToClient, {.ack = 1, .flags = kSyn | kAck}).events.empty());
  EXPECT_EQ(c.state(), TcpState::kSynRecv);
  EXPECT_EQ(c.flow->state, FlowState::kNew);
  EXPECT_TRUE(c.send(kToServer, {.seq = 1, .ack = 1}).events.empty());
  EXPECT_EQ(c.state(), TcpState::kEstablished);
  EXPECT_TRUE(c.flow->established());
}

TEST(TcpTracker, InOrderDataIsDeliveredAtOnceAndJudgedWhenAcknowledged) {
  TcpConversation c;
  c.handshake();
  const StreamUpdate u = c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET /"});
  EXPECT_TRUE(u.in_stream);
  EXPECT_EQ(c.text(kToServer), "GET /");
  EXPECT_EQ(c.window(kToServer), "GET /");
  EXPECT_EQ(c.side(kToServer).delivered_end(), 5U);
  EXPECT_EQ(c.side(kToServer).inspect_end(), 0U);
  c.send(kToClient, {.seq = 1, .ack = 6});
  EXPECT_EQ(c.side(kToServer).inspect_end(), 5U);
}

TEST(TcpTracker, ArrivalModeJudgesAtOnce) {
  TcpConversation c({.inspect_moment = InspectMoment::kArrival});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET /"});
  EXPECT_EQ(c.side(kToServer).inspect_end(), 5U);
}

TEST(TcpTracker, OutOfOrderSegmentsWaitForTheHole) {
  TcpConversation c;
  c.handshake();
  c.send(kToServer, {.seq = 4, .ack = 1, .data = "def"});
  c.send(kToServer, {.seq = 7, .ack = 1, .data = "ghi"});
  EXPECT_EQ(c.text(kToServer), "");
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  EXPECT_EQ(c.text(kToServer), "abcdefghi");
  EXPECT_EQ(c.recorder.log, ">data@0+3 >data@3+3 >data@6+3 ");
}

TEST(TcpTracker, FinFromBothSidesCloses) {
  TcpConversation c;
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "bye", .flags = kAck | kFin});
  EXPECT_EQ(c.state(), TcpState::kCloseWait);
  c.send(kToClient, {.seq = 1, .ack = 5, .flags = kAck | kFin});
  EXPECT_EQ(c.state(), TcpState::kLastAck);
  const StreamUpdate last = c.send(kToServer, {.seq = 5, .ack = 2});
  EXPECT_TRUE(last.events.empty()) << names(last);
  EXPECT_EQ(c.state(), TcpState::kClosed);
  EXPECT_EQ(c.flow->state, FlowState::kClosed);
  EXPECT_EQ(c.side(kToServer).inspect_end(), 3U);
  EXPECT_FALSE(c.side(kToServer).had_gap());
}

TEST(TcpTracker, RstClosesAndUnacknowledgedDataIsJudgedAtTheEnd) {
  TcpConversation c;
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  c.send(kToClient, {.seq = 1, .ack = 1, .flags = kAck | kRst});
  EXPECT_EQ(c.state(), TcpState::kClosed);
  EXPECT_EQ(c.side(kToServer).inspect_end(), 0U);
  c.tracker.flush(*c.flow);
  EXPECT_EQ(c.side(kToServer).inspect_end(), 3U);
}

TEST(TcpTracker, GapIsGivenUpWhenThePeerAcknowledgesIt) {
  TcpConversation c;
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  c.send(kToServer, {.seq = 7, .ack = 1, .data = "ghi"});
  const StreamUpdate u = c.send(kToClient, {.seq = 1, .ack = 10});
  EXPECT_TRUE(u.events.contains(Event::reassembly_seq_gap));
  EXPECT_EQ(c.text(kToServer), "abc...ghi");
  EXPECT_EQ(c.window(kToServer), "ghi");
  EXPECT_EQ(c.side(kToServer).window_begin(), 6U);
  EXPECT_TRUE(c.side(kToServer).had_gap());
}

TEST(TcpTracker, SequenceNumbersWrap) {
  TcpConversation c({}, 0xfffffffdU, 0xffffffffU);
  c.handshake();
  c.send(kToServer, {.seq = 4, .ack = 1, .data = "def"});
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  c.send(kToClient, {.seq = 1, .ack = 7, .data = "xyz"});
  EXPECT_EQ(c.text(kToServer), "abcdef");
  EXPECT_EQ(c.text(kToClient), "xyz");
  EXPECT_EQ(c.side(kToServer).inspect_end(), 6U);
}

TEST(TcpTracker, WithoutMidstreamASegmentMakesNoSession) {
  TcpConversation c;
  const StreamUpdate u = c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  EXPECT_EQ(u.session, nullptr);
  EXPECT_FALSE(u.invalid);
  EXPECT_EQ(names(c.send(kToServer, {.seq = 4, .ack = 1, .flags = kRst})), "rst_but_no_session");
  EXPECT_EQ(names(c.send(kToServer, {.seq = 4, .ack = 1, .flags = kFin | kAck})), "fin_but_no_session");
}

TEST(TcpTracker, MidstreamSynAckTurnsTheFlow) {
  TcpConversation c({.midstream = true});
  const StreamUpdate u = c.send(kToServer, {.ack = 1, .flags = kSyn | kAck});
  EXPECT_TRUE(u.direction_swapped);
  EXPECT_EQ(c.flow->client.source.to_string(), "10.0.0.2");
  EXPECT_EQ(c.flow->counts[1].packets, 1U);
  EXPECT_EQ(c.state(), TcpState::kSynRecv);
  c.send(kToClient, {.seq = 1, .ack = 1, .data = "from the client"});
  EXPECT_EQ(c.state(), TcpState::kEstablished);
  EXPECT_EQ(c.text(kToServer), "from the client");
}

TEST(TcpTracker, NewSynOnClosedConnectionIsReuse) {
  TcpConversation c;
  c.handshake();
  c.send(kToClient, {.seq = 1, .ack = 1, .flags = kAck | kRst});
  const std::uint64_t old_id = c.flow->id;
  const StreamUpdate u = c.send(kToServer, {.seq = 70000, .flags = kSyn});
  EXPECT_TRUE(u.reused);
  EXPECT_NE(c.flow->id, old_id);
  EXPECT_EQ(c.flow->counts[0].packets, 1U);
  EXPECT_EQ(c.state(), TcpState::kSynSent);
}

}  // namespace
}  // namespace bulkhead::stream
