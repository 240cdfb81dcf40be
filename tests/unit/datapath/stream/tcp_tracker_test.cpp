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

TEST(TcpTracker, FastOpenDataIsStreamDataAndJudgedOnceTheSynAckTakesIt) {
  TcpConversation c;
  EXPECT_TRUE(c.send(kToServer, {.data = "GET x", .flags = kSyn, .fast_open = true}).in_stream);
  EXPECT_EQ(c.text(kToServer), "GET x");
  EXPECT_EQ(c.side(kToServer).inspect_end(), 0U);
  c.send(kToClient, {.ack = 6, .flags = kSyn | kAck});
  EXPECT_EQ(c.text(kToServer), "GET x");
  EXPECT_EQ(c.side(kToServer).inspect_end(), 5U);
  c.send(kToClient, {.seq = 1, .ack = 6, .data = "abc"});
  EXPECT_TRUE(c.flow->established());
  EXPECT_EQ(c.text(kToClient), "abc");
}

TEST(TcpTracker, ASynAfterRefusedFastOpenDataBeginsAnew) {
  TcpConversation c;
  c.send(kToServer, {.data = "FAKE!", .flags = kSyn, .fast_open = true});
  c.send(kToClient, {.ack = 1, .flags = kSyn | kAck});
  EXPECT_TRUE(c.send(kToServer, {.flags = kSyn}).reused);
  EXPECT_EQ(c.state(), TcpState::kSynSent);
}

TEST(TcpTracker, FastOpenDataThatTheServerIgnoresIsNoStreamData) {
  TcpConversation c;
  c.send(kToServer, {.data = "FAKE!", .flags = kSyn, .fast_open = true});
  EXPECT_EQ(names(c.send(kToClient, {.ack = 1, .flags = kSyn | kAck})), "3whs_synack_tfo_data_ignored");
  c.send(kToServer, {.seq = 1, .ack = 1});
  EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET x"})), "");
  EXPECT_EQ(c.text(kToServer), "GET x");
}

TEST(TcpTracker, DepthStopsDeliveryWithOneEvent) {
  TcpConversation c({.depth_bytes = 8});
  c.handshake();
  EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 1, .data = "12345"})), "");
  EXPECT_EQ(names(c.send(kToServer, {.seq = 6, .ack = 1, .data = "6789A"})), "reassembly_depth_reached");
  EXPECT_TRUE(c.side(kToServer).depth_reached());
  const StreamUpdate u = c.send(kToServer, {.seq = 11, .ack = 1, .data = "BCDEF"});
  EXPECT_FALSE(u.in_stream);
  EXPECT_EQ(names(u), "");
  c.send(kToClient, {.seq = 1, .ack = 16});
  EXPECT_EQ(c.text(kToServer), "12345678");
  EXPECT_FALSE(c.side(kToServer).had_gap());
}

TEST(TcpTracker, ConflictingOverlapRewindsWhereThePolicyPrefersTheNewBytes) {
  TcpConversation c({.default_policy = OverlapPolicy::kLinux});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  c.send(kToServer, {.seq = 4, .ack = 1, .data = "def"});
  const StreamUpdate u = c.send(kToServer, {.seq = 3, .ack = 1, .data = "cXYZW"});
  EXPECT_EQ(names(u), "reassembly_overlap_different_data");
  EXPECT_EQ(c.text(kToServer), "abcXYZW");
  EXPECT_EQ(c.recorder.log, ">data@0+3 >data@3+3 >rewind@3 >data@3+3 >data@6+1 ");
  EXPECT_EQ(c.window(kToServer), "abcXYZW");
}

TEST(TcpTracker, ArrivalModeKeepsTheFirstCopyAndSaysSo) {
  TcpConversation c({.inspect_moment = InspectMoment::kArrival, .default_policy = OverlapPolicy::kLast});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  const StreamUpdate u = c.send(kToServer, {.seq = 1, .ack = 1, .data = "XbZde"});
  EXPECT_TRUE(u.rewritten);
  EXPECT_TRUE(u.events.contains(Event::reassembly_overlap_different_data));
  EXPECT_EQ(c.text(kToServer), "abcde");
}

TEST(TcpTracker, ReleaseTrimsTheWindowToTheLookBack) {
  TcpConversation c({.look_back_bytes = 4});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "0123456789"});
  c.send(kToClient, {.seq = 1, .ack = 11});
  EXPECT_EQ(c.window(kToServer), "0123456789");
  c.side(kToServer).release(10);
  c.send(kToServer, {.seq = 11, .ack = 1, .data = "ab"});
  EXPECT_EQ(c.window(kToServer), "6789ab");
  EXPECT_EQ(c.side(kToServer).window_begin(), 6U);
}

TEST(TcpTracker, ReassemblyMemcapDropsTheSegmentAndItBecomesAGap) {
  TcpConversation c({.reassembly_memcap_bytes = 4096});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});
  const std::string big(8000, 'x');
  const StreamUpdate u = c.send(kToServer, {.seq = 4, .ack = 1, .data = big});
  EXPECT_FALSE(u.in_stream);
  EXPECT_TRUE(u.events.contains(Event::reassembly_insert_memcap));
  EXPECT_EQ(c.tracker.counters().reassembly_memcap_drops.value(), 1U);
  c.send(kToClient, {.seq = 1, .ack = 8004});
  EXPECT_EQ(c.text(kToServer), "abc") << "the hole waits for what stands behind it";
  c.send(kToServer, {.seq = 8004, .ack = 1, .data = "def"});
  EXPECT_EQ(c.text(kToServer), "abc" + std::string(8000, '.') + "def");
}

TEST(TcpTracker, SessionMemcapLeavesTheFlowUntracked) {
  TcpConversation c({.session_memcap_bytes = 16});
  EXPECT_EQ(c.send(kToServer, {.flags = kSyn}).session, nullptr);
  EXPECT_EQ(c.tracker.counters().session_memcap_drops.value(), 1U);
}

TEST(TcpTracker, SegmentLimitCountsOutOfOrderOnly) {
  TcpConversation c({.max_segments = 2});
  c.handshake();
  c.send(kToServer, {.seq = 11, .ack = 1, .data = "a"});
  c.send(kToServer, {.seq = 21, .ack = 1, .data = "b"});
  EXPECT_EQ(names(c.send(kToServer, {.seq = 31, .ack = 1, .data = "c"})), "reassembly_insert_limit");
  EXPECT_TRUE(c.send(kToServer, {.seq = 1, .ack = 1, .data = "d"}).in_stream);
}

TEST(TcpTracker, FlushDeliversWhatWaitsBehindHoles) {
  TcpConversation c;
  c.handshake();
  c.send(kToServer, {.seq = 3, .ack = 1, .data = "cd"});
  c.send(kToServer, {.seq = 7, .ack = 1, .data = "gh"});
  c.tracker.flush(*c.flow);
  EXPECT_EQ(c.text(kToServer), "..cd..gh");
  EXPECT_EQ(c.side(kToServer).inspect_end(), 8U);
}

TEST(TcpTracker, OldTimestampIsRefused) {
  TcpConversation c;
  c.handshake(100, 900);
  const StreamUpdate u = c.send(kToServer, {.seq = 1, .ack = 1, .data = "evil", .ts = 50});
  EXPECT_EQ(names(u), "pkt_invalid_timestamp");
  EXPECT_FALSE(u.invalid);  // of an established connection: the receiver refuses it, too
  EXPECT_FALSE(u.in_stream);
  EXPECT_TRUE(c.send(kToServer, {.seq = 1, .ack = 1, .data = "good", .ts = 101}).in_stream);
  EXPECT_EQ(c.text(kToServer), "good");
}

TEST(TcpTracker, RefusalOfASynMustEchoItsTimestamp) {
  TcpConversation c;
  c.send(kToServer, {.flags = kSyn, .ts = 7000});
  EXPECT_EQ(names(c.send(kToClient, {.ack = 1, .flags = kRst | kAck, .ts = 100, .ts_echo = 100})),
            "pkt_invalid_timestamp");
  EXPECT_EQ(c.state(), TcpState::kSynSent);
}

TEST(TcpTracker, MidstreamFromASynAckTakesBothDirections) {
  TcpConversation c({.midstream = true});
  c.send(kToClient, {.ack = 1, .flags = kSyn | kAck});
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "request"});
  EXPECT_EQ(names(c.send(kToClient, {.seq = 1, .ack = 8, .data = "reply"})), "");
  EXPECT_EQ(c.side(kToServer).inspect_end(), 7U);
  EXPECT_EQ(c.text(kToClient), "reply");
}

TEST(TcpTracker, EventsOfTheHandshakeAndOfTheWindow) {
  {
    TcpConversation c;
    c.send(kToServer, {.flags = kSyn});
    EXPECT_EQ(names(c.send(kToClient, {.ack = 9, .flags = kSyn | kAck})), "3whs_synack_with_wrong_ack");
    EXPECT_EQ(names(c.send(kToServer, {.ack = 1, .flags = kSyn | kAck})), "3whs_synack_in_wrong_direction");
    c.send(kToClient, {.ack = 1, .flags = kSyn | kAck});
    EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 5})), "3whs_right_seq_wrong_ack_evasion");
    EXPECT_EQ(names(c.send(kToServer, {.seq = 3, .ack = 5})), "3whs_wrong_seq_wrong_ack");
  }
  TcpConversation c;
  c.handshake();
  EXPECT_EQ(names(c.send(kToServer, {.seq = 70000, .ack = 1, .data = "x"})), "est_packet_out_of_window");
  EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 90000, .data = "x"})), "pkt_invalid_ack est_invalid_ack");
  EXPECT_EQ(names(c.send(kToServer, {.seq = 0, .flags = kSyn})), "est_syn_resend");
  EXPECT_EQ(names(c.send(kToClient, {.seq = 0, .flags = kSyn})), "est_syn_toclient");
}

TEST(TcpTracker, SynAcksThatDisagreeWaitForTheClientsChoice) {
  TcpConversation c({.max_synack_queued = 2});
  c.send(kToServer, {.flags = kSyn});
  c.send(kToClient, {.seq = 0, .ack = 1, .flags = kSyn | kAck});
  c.send(kToClient, {.seq = 1000, .ack = 1, .flags = kSyn | kAck});
  c.send(kToClient, {.seq = 2000, .ack = 1, .flags = kSyn | kAck});
  EXPECT_EQ(names(c.send(kToClient, {.seq = 3000, .ack = 1, .flags = kSyn | kAck})), "3whs_synack_flood");
  EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 1001})), "");
  EXPECT_EQ(c.state(), TcpState::kEstablished);
  c.send(kToClient, {.seq = 1001, .ack = 1, .data = "real"});
  EXPECT_EQ(c.text(kToClient), "real");
}

TEST(TcpTracker, AsyncOneSideIsInspectedWithoutThePeer) {
  TcpConversation c({.async_oneside = true});
  c.send(kToServer, {.flags = kSyn});
  c.send(kToServer, {.seq = 1, .ack = 1});
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET"});
  EXPECT_EQ(c.state(), TcpState::kEstablished);
  c.send(kToServer, {.seq = 4, .ack = 200});
  EXPECT_EQ(c.side(kToServer).inspect_end(), 0U);  // nobody acknowledges it: the end of the sender does
  c.send(kToServer, {.seq = 4, .ack = 200, .flags = kFin | kAck});
  EXPECT_EQ(c.side(kToServer).inspect_end(), 3U);
}

TEST(TcpTracker, CopiesAreShownAgainInlineAndLittleNeverMakesMuch) {
  TcpConversation c({.inspect_moment = InspectMoment::kArrival, .judge_copies = true});
  c.handshake();
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "GOOD"});
  EXPECT_TRUE(c.send(kToServer, {.seq = 1, .ack = 1, .data = "EVIL"}).rewritten);
  EXPECT_EQ(c.recorder.log, ">data@0+4 >rewind@0 >data@0+4 ");
  EXPECT_EQ(c.text(kToServer), "GOOD");
  std::string payload = "EVIL";
  c.tracker.rewrite(*c.flow, kToServer, 1001, {reinterpret_cast<Byte*>(payload.data()), payload.size()});
  EXPECT_EQ(payload, "GOOD");
  const std::string much(20000, 'x');
  c.send(kToServer, {.seq = 5, .ack = 1, .data = much});
  c.recorder.log.clear();
  c.send(kToServer, {.seq = 5, .ack = 1, .data = "x"});
  EXPECT_EQ(c.recorder.log, "");
}

TEST(TcpTracker, RstOutsideTheRulesOfItsReceiverIsIgnored) {
  for (const auto& [policy, closes] : {std::pair{OverlapPolicy::kWindows, false}, {OverlapPolicy::kLinux, true}}) {
    TcpConversation c({.default_policy = policy});
    c.handshake();
    c.send(kToClient, {.seq = 11, .ack = 1, .flags = kRst | kAck});
    EXPECT_EQ(c.state() == TcpState::kClosed, closes);
  }
}

TEST(TcpTracker, InOrderDataOfLargeSegmentsReusesItsMemory) {
  TcpConversation c;
  c.handshake();
  const std::string block(60000, 'x');
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < 50; ++i) {
    c.send(kToServer, {.seq = 1 + i * 10000, .ack = 1, .data = std::string_view(block).substr(0, 10000)});
    c.send(kToClient, {.seq = 1, .ack = 1 + (i + 1) * 10000});
    c.side(kToServer).release(c.side(kToServer).inspect_end());
    most = std::max(most, c.tracker.counters().reassembly_memory_bytes.value());
  }
  EXPECT_LE(most, 64U * 1024);
  EXPECT_EQ(c.text(kToServer).size(), 500000U);
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

TEST(TcpTracker, TheUrgentByteIsInlineTakenOutOrMissing) {
  const auto send = [](TcpConversation& c) {
    c.handshake();
    c.send(kToServer, {.seq = 1, .ack = 1, .data = "abXcd", .flags = kAck | kUrg, .urgent = 3});
    c.send(kToClient, {.seq = 1, .ack = 6});
    c.send(kToServer, {.seq = 6, .ack = 1, .data = "ef"});
    c.send(kToClient, {.seq = 1, .ack = 8});
    return c.text(kToServer);
  };
  TcpConversation as_ever;
  EXPECT_EQ(send(as_ever), "abXcdef");
  EXPECT_EQ(as_ever.tracker.counters().urgent.value(), 1U);
  TcpConversation oob({.urgent_policy = UrgentPolicy::kOob});
  EXPECT_EQ(send(oob), "abcdef");
  EXPECT_EQ(oob.side(kToServer).inspect_end(), 6U);
  EXPECT_FALSE(oob.side(kToServer).had_gap());
  EXPECT_EQ(oob.tracker.counters().urgent_taken_out.value(), 1U);
  TcpConversation gap({.urgent_policy = UrgentPolicy::kGap});
  EXPECT_EQ(send(gap), "ab.cdef");
  EXPECT_TRUE(gap.side(kToServer).had_gap());
  TcpConversation tap({.urgent_policy = UrgentPolicy::kDrop});
  EXPECT_EQ(send(tap), "abXcdef") << "only a verdict can drop";
  TcpConversation dropping(
      {.inspect_moment = InspectMoment::kArrival, .urgent_policy = UrgentPolicy::kDrop, .judge_copies = true});
  dropping.handshake();
  const StreamUpdate u =
      dropping.send(kToServer, {.seq = 1, .ack = 1, .data = "abX", .flags = kAck | kUrg, .urgent = 3});
  EXPECT_TRUE(u.urgent_drop);
  EXPECT_EQ(dropping.text(kToServer), "");
}

TEST(TcpTracker, AnAcknowledgedHoleWaitsForWhatStandsBehindIt) {
  TcpConversation c;
  c.handshake();
  EXPECT_EQ(names(c.send(kToClient, {.seq = 1, .ack = 4})), "");
  EXPECT_EQ(c.tracker.counters().acknowledged_unseen.value(), 1U);
  c.send(kToServer, {.seq = 1, .ack = 1, .data = "abc"});  // captured late
  EXPECT_EQ(c.text(kToServer), "abc");
  c.send(kToClient, {.seq = 1, .ack = 10});
  EXPECT_FALSE(c.side(kToServer).had_gap());
  // All of it was acknowledged before it came: it looks like a retransmission too.
  EXPECT_EQ(names(c.send(kToServer, {.seq = 7, .ack = 1, .data = "ghi"})),
            "pkt_spurious_retransmission reassembly_seq_gap");
  EXPECT_EQ(c.text(kToServer), "abc...ghi");
}

TEST(TcpTracker, ASignedResetIsDoubtedOnceItsSenderSpeaksAgain) {
  TcpConversation c;
  c.handshake();
  const Byte option_ao[24] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0, 29, 4, 1, 2};
  c.next_header = option_ao;
  c.send(kToServer, {.seq = 1, .ack = 1, .flags = kRst | kAck});
  EXPECT_EQ(c.state(), TcpState::kClosed);
  EXPECT_EQ(names(c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET"})), "suspected_rst_inject");
  EXPECT_EQ(c.state(), TcpState::kEstablished);
  EXPECT_EQ(c.text(kToServer), "GET");
}

}  // namespace
}  // namespace bulkhead::stream
