#include "signatures/match/signature_inspector.h"

#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"

namespace bulkhead::test {
namespace {

constexpr Direction kUp = Direction::kToServer, kDown = Direction::kToClient;

TEST(SignatureInspector, FindsContentAcrossSegmentsOnce) {
  MatcherHarness h("alert tcp any any -> any 80 (msg:\"x\"; content:\"attack\"; sid:1;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "an att"), Sids{});
  EXPECT_EQ(h.send(kUp, "ack"), Sids{1});
  EXPECT_TRUE(h.alerts.at(0).on_stream);
  EXPECT_EQ(h.send(kUp, " and more"), Sids{});
  EXPECT_EQ(h.send(kUp, "attack"), Sids{1});
  EXPECT_EQ(h.send(kDown, "attack"), Sids{});  // the source port is 80, not the destination's
}

TEST(SignatureInspector, AcknowledgedDataIsJudgedWithTheNextPacketOfItsDirection) {
  HarnessFields fields;
  fields.stream.inspect_moment = stream::InspectMoment::kAcknowledged;
  MatcherHarness h("alert tcp any any -> any any (content:\"attack\"; sid:1;)", fields);
  h.handshake();
  EXPECT_EQ(h.send(kUp, "attack"), Sids{});
  EXPECT_EQ(h.ack(kDown), Sids{});
  EXPECT_EQ(h.ack(kUp), Sids{1});
  EXPECT_EQ(h.send(kDown, "attack"), Sids{});
  h.end_all();
  EXPECT_EQ(h.all, (Sids{1, 1}));  // the last data of the other side is judged when the flow ends
}

TEST(SignatureInspector, ADepthMakesARuleLookAtPacketsToo) {
  HarnessFields fields;
  fields.stream.inspect_moment = stream::InspectMoment::kAcknowledged;
  MatcherHarness h("alert tcp any any -> any any (content:\"hello\"; depth:5; sid:1;)", fields);
  h.handshake();
  EXPECT_EQ(h.send(kUp, "hello"), Sids{1});
  EXPECT_FALSE(h.alerts.at(0).on_stream);
  h.ack(kDown);
  EXPECT_EQ(h.ack(kUp), Sids{1});
  EXPECT_TRUE(h.alerts.at(0).on_stream);
}

TEST(SignatureInspector, ARuleWaitsForLaterDataAfterItsPattern) {
  MatcherHarness h(
      "alert tcp any any -> any any (content:\"USER-NAME\"; content:\"root\"; distance:1; within:40; sid:1;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "USER-NAME "), Sids{});
  EXPECT_EQ(h.send(kUp, "is ro"), Sids{});
  EXPECT_EQ(h.send(kUp, "ot"), Sids{1});
  EXPECT_EQ(h.send(kUp, "root root"), Sids{});
}

TEST(SignatureInspector, DoesNotReportOldDataAgainWhenOnlyThePatternComesAgain) {
  MatcherHarness h(
      "alert tcp any any -> any any (content:\"longpattern\"; fast_pattern; content:\"b\"; distance:0; sid:1;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "longpattern b"), Sids{1});
  EXPECT_EQ(h.send(kUp, "longpattern"), Sids{});
  EXPECT_EQ(h.send(kUp, "b"), Sids{1});
}

TEST(SignatureInspector, UntrackedSegmentsAreJudgedByTheirOwnPayload) {
  MatcherHarness h(
      "alert tcp any any -> any any (content:\"attack\"; sid:1;)\n"
      "alert tcp any any -> any any (flow:established; content:\"attack\"; sid:2;)");
  EXPECT_EQ(h.segment(kUp, 1000, 5000, decode::tcp_flag::kAck, "an attack"), Sids{1});
}

TEST(SignatureInspector, AddressOnlyRulesFireOnceADirection) {
  MatcherHarness h("alert tcp 10.0.0.0/24 any -> any any (sid:1;)\nalert ip 10.0.0.1 any -> any any (sid:2;)");
  h.handshake();
  h.send(kUp, "x");
  h.send(kDown, "x");
  EXPECT_EQ(h.all, (Sids{1, 2, 1}));
}

TEST(SignatureInspector, PacketConditionsHoldPerPacket) {
  MatcherHarness h("alert udp any any -> any any (dsize:3; sid:1;)\nalert icmp any any -> any any (itype:8; sid:2;)");
  EXPECT_EQ(h.udp("abc"), Sids{1});
  EXPECT_EQ(h.udp("abcd"), Sids{});
  EXPECT_EQ(h.udp("xyz"), Sids{1});
  EXPECT_EQ(h.icmp(8, 0), Sids{2});
  EXPECT_EQ(h.icmp(0, 0), Sids{});
}

TEST(SignatureInspector, FlowKeywordAndDirection) {
  MatcherHarness h(
      "alert udp any any -> any any (flow:to_server; content:\"q\"; sid:1;)\n"
      "alert udp any any -> any any (flow:established,to_client; content:\"q\"; sid:2;)");
  const ViewFields reply{.from = "10.0.0.2", .to = "10.0.0.1", .source_port = 80, .destination_port = 40000};
  EXPECT_EQ(h.udp("q"), Sids{1});
  EXPECT_EQ(h.udp("q", reply), Sids{2});
}

TEST(SignatureInspector, FlowbitsSetBeforeTheyAreTestedWhateverTheFileOrder) {
  MatcherHarness h(
      "alert udp any any -> any any (content:\"b\"; flowbits:isset,seen; sid:1;)\n"
      "alert udp any any -> any any (content:\"a\"; flowbits:set,seen; flowbits:noalert; sid:2;)");
  EXPECT_EQ(h.udp("b"), Sids{});
  EXPECT_EQ(h.udp("ab"), Sids{1});
  EXPECT_EQ(h.udp("b"), Sids{1});
  const auto metadata = h.inspector->flow_metadata(*h.flow);
  ASSERT_NE(metadata, nullptr);
  EXPECT_EQ(metadata->flowbits, std::vector<std::string>{"seen"});
}

TEST(SignatureInspector, FlowbitsSurviveAReloadByName) {
  MatcherHarness h("alert udp any any -> any any (content:\"a\"; flowbits:set,seen; noalert; sid:1;)");
  h.udp("a");
  h.reload(
      "alert udp any any -> any any (content:\"z\"; flowbits:set,other; sid:3;)\n"
      "alert udp any any -> any any (content:\"b\"; flowbits:isset,seen; sid:2;)");
  EXPECT_EQ(h.udp("b"), Sids{2});
}

TEST(SignatureInspector, AReloadInTheMiddleOfAStreamGoesOn) {
  MatcherHarness h("alert tcp any any -> any any (content:\"first\"; sid:1;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "first"), Sids{1});
  h.reload("alert tcp any any -> any any (content:\"second\"; sid:2;)");
  EXPECT_EQ(h.send(kUp, "first second"), Sids{2});
}

// The literals are those of before: what began ahead of the reload is found behind it.
TEST(SignatureInspector, AScanGoesOnOverAReload) {
  MatcherHarness h("alert tcp any any -> any any (content:\"straddling\"; sid:1;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "stradd"), Sids{});
  h.reload("alert tcp any any -> any any (msg:\"new\"; content:\"straddling\"; sid:2;)");
  EXPECT_EQ(h.send(kUp, "ling"), Sids{2});
}

TEST(SignatureInspector, AnIdleFlowLetsTheOldRulesGoOnceItIsAdopted) {
  MatcherHarness h("alert tcp any any -> any any (content:\"first\"; sid:1;)");
  h.handshake();
  h.send(kUp, "x");
  const auto* state =
      static_cast<const signatures::SignatureFlowState*>(h.flow->extension(flow::ExtensionSlot::kSignatures));
  ASSERT_NE(state, nullptr);
  const std::weak_ptr<const signatures::SignatureDb> old = state->db;
  h.reload("alert tcp any any -> any any (content:\"second\"; sid:2;)");
  EXPECT_FALSE(old.expired()) << "the flow holds them";
  h.inspector->adopt(*h.flow);
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(h.send(kUp, "second"), Sids{2});
}

TEST(SignatureInspector, PassHidesOtherRulesAndHoldsForTheFlowWhenItMatchedTheStream) {
  MatcherHarness h(
      "alert tcp any any -> any any (content:\"x\"; sid:1;)\npass tcp any any -> any any (content:\"ok\"; sid:2;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "x"), Sids{1});
  EXPECT_EQ(h.send(kUp, "x ok"), Sids{});
  EXPECT_EQ(h.flow->action, flow::FlowAction::kPass);
  EXPECT_EQ(h.send(kUp, "x"), Sids{});
}

TEST(SignatureInspector, ReportOrderAndDropScope) {
  MatcherHarness h(
      "alert tcp any any -> any any (content:\"x\"; priority:3; sid:1;)\n"
      "alert tcp any any -> any any (content:\"x\"; priority:1; sid:2;)\n"
      "drop tcp any any -> any any (content:\"x\"; sid:3;)\n"
      "alert tcp any any -> any any (content:\"x\"; priority:1; sid:4;)\n"
      "drop udp any any -> any any (content:\"y\"; sid:5;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "x"), (Sids{3, 2, 4, 1}));
  EXPECT_TRUE(h.alerts.at(0).applies_to_flow);
  EXPECT_EQ(h.udp("y"), Sids{5});
  EXPECT_FALSE(h.alerts.at(0).applies_to_flow);
}

TEST(SignatureInspector, AlertsBeyondTheLimitAreCountedAndTheirDropsAct) {
  HarnessFields fields;
  fields.match.packet_alert_max = 2;
  fields.compiler.action_order = {pipeline::RuleAction::kAlert, pipeline::RuleAction::kPass,
                                  pipeline::RuleAction::kDrop, pipeline::RuleAction::kReject};
  MatcherHarness h(
      "alert udp any any -> any any (content:\"a\"; sid:1;)\nalert udp any any -> any any (content:\"a\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"a\"; sid:3;)\ndrop udp any any -> any any (content:\"a\"; sid:4;)",
      fields);
  EXPECT_EQ(h.udp("a"), (Sids{1, 2}));
  EXPECT_EQ(h.overflow, 2U);
  ASSERT_EQ(h.alerts.size(), 3U);
  EXPECT_TRUE(h.alerts[2].silent);
  EXPECT_EQ(h.alerts[2].action, pipeline::RuleAction::kDrop);
}

TEST(SignatureInspector, ThresholdsAreSharedByFlows) {
  MatcherHarness h(
      "alert udp any any -> any any (content:\"a\"; threshold:type limit, track by_src, count 1, seconds 60; sid:1;)");
  EXPECT_EQ(h.udp("a"), Sids{1});
  EXPECT_EQ(h.udp("a", {.source_port = 5}), Sids{});
  EXPECT_EQ(h.udp("a", {.from = "10.9.9.9"}), Sids{1});
}

TEST(SignatureInspector, XbitsOfAPairAreSeenFromTheNextPacketOn) {
  MatcherHarness h(
      "alert udp any any -> any any (content:\"a\"; xbits:set,seen,track ip_pair,expire 60; noalert; sid:1;)\n"
      "alert udp any any -> any any (content:\"a\"; xbits:isset,seen,track ip_pair; sid:2;)");
  EXPECT_EQ(h.udp("a"), Sids{});
  EXPECT_EQ(h.udp("a", {.source_port = 7}), Sids{2});
}

TEST(SignatureInspector, RulesWithoutPatternLookAtFreshStreamDataOnly) {
  MatcherHarness h(
      "alert tcp any any -> any any (flow:to_server; content:!\"z\"; sid:1;)\n"
      "alert tcp any any -> any any (pcre:\"/ab+c/\"; sid:2;)");
  h.handshake();
  EXPECT_EQ(h.send(kUp, "zz"), Sids{});
  EXPECT_EQ(h.send(kUp, "abbc"), (Sids{1, 2}));
  EXPECT_EQ(h.send(kUp, "q"), Sids{1});
  EXPECT_EQ(h.ack(kUp), Sids{});
}

TEST(SignatureInspector, WithAChunkSizeSmallPiecesWaitForMore) {
  HarnessFields fields;
  fields.match.stream_chunk = {20, 0};
  MatcherHarness h("alert tcp any any -> any any (content:\"attack\"; sid:1;)", fields);
  h.handshake();
  EXPECT_EQ(h.send(kUp, "attack.."), Sids{});
  EXPECT_EQ(h.send(kUp, "attack.."), Sids{});
  EXPECT_EQ(h.send(kUp, "attack.."), Sids{1}) << "one chunk, one alert";
  EXPECT_EQ(h.send(kDown, "attack"), Sids{1}) << "the other direction has no chunks";
  EXPECT_EQ(h.send(kUp, "attack.."), Sids{});
  EXPECT_EQ(h.segment(kUp, h.next(kUp), h.next(kDown), decode::tcp_flag::kFin | decode::tcp_flag::kAck), Sids{1})
      << "nothing more comes";
}

TEST(SignatureInspector, StreamStatesAreReused) {
  MatcherHarness h("alert tcp any any -> any any (content:\"attack\"; sid:1;)");
  for (int i = 0; i < 10; ++i) {
    h.client.source_port = static_cast<std::uint16_t>(1000 + i);
    h.handshake();
    EXPECT_EQ(h.send(kUp, "attack"), Sids{1});
    h.end_all();
  }
  EXPECT_LE(h.inspector->scan_counters().streams_opened.value(), 2U);
  EXPECT_GE(h.inspector->scan_counters().streams_reused.value(), 8U);
}

TEST(SignatureInspector, BidirectionalAndPorts) {
  MatcherHarness h(
      "alert udp 10.0.0.2 80 <> any any (content:\"a\"; sid:1;)\nalert udp any 1:1000 -> any any (content:\"a\"; "
      "sid:2;)\n"
      "alert udp any any -> any [80,!81] (content:\"a\"; sid:3;)");
  const ViewFields reply{.from = "10.0.0.2", .to = "10.0.0.1", .source_port = 80, .destination_port = 40000};
  EXPECT_EQ(h.udp("a"), (Sids{1, 3}));
  EXPECT_EQ(h.udp("a", reply), (Sids{1, 2}));
}

}  // namespace
}  // namespace bulkhead::test
