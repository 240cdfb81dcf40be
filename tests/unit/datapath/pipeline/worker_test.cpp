// What Worker decides itself: exception policies, drops and their events, and how a cut flow is followed.
#include "datapath/pipeline/worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/packet_builder.h"

namespace bulkhead::pipeline {
namespace {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kPsh;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;
using test::Bytes;
using test::PacketBuilder;

constexpr std::uint8_t kData = kPsh | kAck;

class Collector final : public event::EventPublisher {
 public:
  void publish(event::Event&& e) override { events.push_back(std::move(e)); }
  void watermark(std::uint64_t) override {}
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& e : events) {
      if (const auto* body = std::get_if<T>(&e)) out.push_back(*body);
    }
    return out;
  }
  std::vector<event::Event> events;
};

class Requests final : public ResponseSink {
 public:
  void request(const BlockRequest& r) override { list.push_back(r); }
  std::vector<BlockRequest> list;
};

// Fires one rule on every packet with payload that it is shown, and counts those.
class PayloadInspector final : public Inspector {
 public:
  PayloadInspector(RuleAction action, bool reads, int* seen) : action_(action), reads_(reads), seen_(seen) {}
  [[nodiscard]] std::string_view name() const override { return "test"; }
  [[nodiscard]] bool reads_windows() const override { return reads_; }
  void inspect(InspectContext& context) override {
    const bool decided = context.flow != nullptr && context.flow->action != flow::FlowAction::kNone;
    if (context.packet->payload.empty() || decided) return;
    ++*seen_;
    counted_.add();
    if (action_ == RuleAction::kPass) return;  // only counts
    Alert alert;
    alert.signature = signature_;
    alert.action = action_;
    alert.applies_to_flow = action_ == RuleAction::kDrop;
    context.alerts->push_back(alert);
  }
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override {
    out.emplace_back("test.seen", counted_.value());
  }

 private:
  Counter counted_;
  RuleAction action_;
  bool reads_;
  int* seen_;
  std::shared_ptr<const event::SignatureInfo> signature_ = std::make_shared<event::SignatureInfo>();
};

class PayloadFactory final : public InspectorFactory {
 public:
  PayloadFactory(RuleAction action, bool reads, int* seen) : action_(action), reads_(reads), seen_(seen) {}
  [[nodiscard]] std::unique_ptr<Inspector> make(std::uint32_t) const override {
    return std::make_unique<PayloadInspector>(action_, reads_, seen_);
  }

 private:
  RuleAction action_;
  bool reads_;
  int* seen_;
};

class WorkerTest : public testing::Test {
 protected:
  Worker& start(RuleAction action = RuleAction::kPass) {
    settings.decode.verify_checksums = false;
    worker = std::make_unique<Worker>(settings, 0, collector, gate, &requests);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->inspectors.push_back(std::make_shared<PayloadFactory>(action, windows_read, &seen));
    worker->use(snapshot);
    return *worker;
  }
  // Sequence numbers are relative to 1000 (client) and 5000 (server).
  io::PacketVerdict send(bool from_client, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack,
                         std::string_view payload = {}) {
    const auto ours = (from_client ? 1000U : 5000U) + seq;
    const auto theirs = (flags & kAck) != 0 ? (from_client ? 5000U : 1000U) + ack : 0U;
    PacketBuilder builder;
    builder.ethernet().ipv4(from_client ? "10.0.0.1" : "10.0.0.2", from_client ? "10.0.0.2" : "10.0.0.1");
    builder.tcp(from_client ? 40000 : 80, from_client ? 80 : 40000, {.flags = flags, .seq = ours, .ack = theirs});
    const Bytes frame = builder.payload(payload).build();
    io::RawPacket raw =
        test::raw_packet(frame, {1'700'000'000'000'000'000 + static_cast<std::int64_t>(number)}, number);
    ++number;
    worker->process(raw);
    sent_on.assign(raw.rewritten.begin(), raw.rewritten.end());
    return raw.verdict;
  }
  void open() {
    send(true, kSyn, 0, 0);
    send(false, kSyn | kAck, 0, 1);
    send(true, kAck, 1, 1);
  }
  event::FlowEvent finish() {
    worker->finish({1'700'000'100'000'000'000});
    const auto flows = collector.all<event::FlowEvent>();
    EXPECT_EQ(flows.size(), 1U);
    return flows.empty() ? event::FlowEvent{} : flows.front();
  }

  PipelineSettings settings;
  Collector collector;
  Requests requests;
  UnorderedGate gate;
  std::unique_ptr<Worker> worker;
  int seen = 0;
  bool windows_read = false;  // by the inspector
  std::uint64_t number = 1;
  Bytes sent_on;  // in place of the last packet; empty: itself
};

TEST_F(WorkerTest, MidstreamIsIgnoredByDefaultAndItsPacketsAreJudged) {
  start();
  EXPECT_EQ(send(true, kData, 1, 1, "middle"), io::PacketVerdict::kAccept);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(finish().action, "");
}

TEST_F(WorkerTest, AFlowOfDatagramsThatDecideNothingIsNothing) {
  start();
  PacketBuilder builder;
  const Bytes frame = builder.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).build();
  io::RawPacket raw = test::raw_packet(frame, {1'700'000'000'000'000'000}, 1);
  worker->process(raw);
  EXPECT_EQ(finish().header.app_protocol, "failed");
}

TEST_F(WorkerTest, MidstreamMayPassThePacketOrTheFlow) {
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kPassPacket;
  start();
  send(true, kData, 1, 1, "middle");
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(finish().action, "");

  collector.events.clear();
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kPassFlow;
  start();
  send(true, kData, 1, 1, "middle");
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(finish().action, "pass");
}

TEST_F(WorkerTest, ABypassedFlowIsNotFollowed) {
  settings.stream.midstream = true;
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kBypass;
  start();
  send(false, kSyn | kAck, 0, 1);
  send(true, kData, 1, 1, "middle");
  const event::FlowEvent flow = finish();
  EXPECT_EQ(flow.state, "bypassed");
  EXPECT_EQ(flow.action, "pass");
  EXPECT_EQ(flow.tcp_state, "");
  EXPECT_EQ(flow.tcp_flags_to_server, 0) << "flags are those of a followed connection";
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(worker->counters().flow_bypassed.value(), 1U);
}

TEST_F(WorkerTest, MidstreamDropsTellTheReasonOnceThenTheFlow) {
  settings.inline_mode = true;
  settings.report.drops = ReportSettings::Drops::kAll;
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kDropFlow;
  start();
  EXPECT_EQ(send(true, kData, 1, 1, "middle"), io::PacketVerdict::kDrop);
  EXPECT_EQ(send(true, kData, 7, 1, "more"), io::PacketVerdict::kDrop);
  const auto drops = collector.all<event::DropEvent>();
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].reason, "stream midstream");
  EXPECT_EQ(drops[1].reason, "flow drop");
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(finish().action, "drop");
}

TEST_F(WorkerTest, DropPacketAndRejectActOnTheVerdict) {
  settings.inline_mode = true;
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kDropPacket;
  start();
  EXPECT_EQ(send(true, kData, 1, 1, "middle"), io::PacketVerdict::kDrop);
  EXPECT_EQ(finish().action, "");
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kReject;
  start();
  EXPECT_EQ(send(true, kData, 1, 1, "middle"), io::PacketVerdict::kReject);
}

TEST_F(WorkerTest, AConnectionWithoutMemoryFollowsItsPolicy) {
  settings.inline_mode = true;
  settings.stream.session_memcap_bytes = 1;
  settings.exceptions.of(Exception::kStreamMemcap) = ExceptionPolicy::kDropFlow;
  settings.report.drops = ReportSettings::Drops::kAll;
  start();
  EXPECT_EQ(send(true, kSyn, 0, 0), io::PacketVerdict::kDrop);
  ASSERT_EQ(collector.all<event::DropEvent>().size(), 1U);
  EXPECT_EQ(collector.all<event::DropEvent>()[0].reason, "stream memcap");
}

TEST_F(WorkerTest, DataWithoutMemoryFollowsItsPolicy) {
  settings.inline_mode = true;
  settings.stream.inspect_moment = stream::InspectMoment::kArrival;
  settings.stream.reassembly_memcap_bytes = 1;
  settings.exceptions.of(Exception::kReassemblyMemcap) = ExceptionPolicy::kPassFlow;
  start();
  open();
  EXPECT_EQ(send(true, kData, 1, 1, "data"), io::PacketVerdict::kAccept);
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(finish().action, "pass");
}

TEST_F(WorkerTest, FragmentsWithoutMemoryFollowTheirPolicy) {
  settings.inline_mode = true;
  settings.defrag.memcap_bytes = 1;
  settings.exceptions.of(Exception::kDefragMemcap) = ExceptionPolicy::kDropPacket;
  settings.report.drops = ReportSettings::Drops::kAll;
  start();
  const Bytes whole = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(Bytes(300)).build();
  for (const Bytes& frame : test::fragment_frame(whole, 128, 7)) {
    io::RawPacket raw = test::raw_packet(frame, {1'700'000'000'000'000'000}, number++);
    worker->process(raw);
    EXPECT_EQ(raw.verdict, io::PacketVerdict::kDrop);
  }
  const auto drops = collector.all<event::DropEvent>();
  ASSERT_FALSE(drops.empty());
  EXPECT_EQ(drops[0].reason, "defrag memcap");
}

TEST_F(WorkerTest, StartTellsTheFirstDropOfEachDirection) {
  settings.inline_mode = true;
  settings.stream.inspect_moment = stream::InspectMoment::kArrival;
  settings.report.drops = ReportSettings::Drops::kStart;
  start(RuleAction::kDrop);
  open();
  send(true, kData, 1, 1, "bad");
  send(true, kData, 4, 1, "bad");
  send(false, kData, 1, 7, "answer");
  send(false, kData, 7, 7, "answer");
  const auto drops = collector.all<event::DropEvent>();
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].reason, "rules");
  EXPECT_EQ(drops[1].reason, "flow drop");
  EXPECT_EQ(drops[1].direction, Direction::kToClient);
  EXPECT_EQ(worker->counters().drops[static_cast<std::size_t>(DropReason::kFlowDrop)].value(), 3U);
}

// What passes between the match and the block moves the sequence numbers of the resets.
TEST_F(WorkerTest, ACutFlowIsFollowedUntilTheBlockHolds) {
  settings.stream.inspect_moment = stream::InspectMoment::kArrival;
  start(RuleAction::kDrop);
  open();
  send(true, kData, 1, 1, "attack");
  ASSERT_EQ(requests.list.size(), 1U);
  EXPECT_FALSE(requests.list[0].follows);
  EXPECT_TRUE(requests.list[0].verified);
  EXPECT_EQ(requests.list[0].next_seq[0], 1007U);
  EXPECT_EQ(requests.list[0].next_seq[1], 5001U);

  send(false, kData, 1, 7, "answer");
  ASSERT_EQ(requests.list.size(), 2U);
  EXPECT_TRUE(requests.list[1].follows);
  EXPECT_EQ(requests.list[1].next_seq[index_of(Direction::kToClient)], 5007U);
  EXPECT_EQ(requests.list[1].next_seq[index_of(Direction::kToServer)], 1007U);
  EXPECT_EQ(requests.list[1].flow_id, requests.list[0].flow_id);

  send(true, kAck, 7, 7);
  EXPECT_EQ(requests.list.size(), 2U) << "an acknowledgment moves nothing";
  send(true, kRst, 7, 0);
  EXPECT_EQ(requests.list.size(), 2U) << "a reset is the end, or ours";
  send(true, kFin | kAck, 7, 7);
  ASSERT_EQ(requests.list.size(), 3U);
  EXPECT_EQ(requests.list[2].next_seq[index_of(Direction::kToServer)], 1008U) << "a FIN takes a number";
}

TEST_F(WorkerTest, AFlowIsFollowedForAtMost64Packets) {
  settings.stream.inspect_moment = stream::InspectMoment::kArrival;
  start(RuleAction::kDrop);
  open();
  for (std::uint32_t i = 0; i < 100; ++i) send(true, kData, 1 + i, 1, "x");
  EXPECT_EQ(requests.list.size(), 1U + 64U);
}

TEST_F(WorkerTest, APolicyThatWasAppliedIsToldInTheFlowRecord) {
  settings.exceptions.of(Exception::kMidstream) = ExceptionPolicy::kPassFlow;
  start();
  send(true, kData, 1, 1, "middle");
  const event::FlowEvent flow = finish();
  ASSERT_EQ(flow.exceptions.size(), 1U);
  EXPECT_EQ(flow.exceptions[0].first, "stream_midstream");
  EXPECT_EQ(flow.exceptions[0].second, "pass_flow");
  event::CounterList stats;
  worker->add_stats(stats);
  const auto counted = std::find(stats.begin(), stats.end(),
                                 std::pair<std::string, std::uint64_t>("tcp.midstream_exception_policy.pass_flow", 1));
  EXPECT_NE(counted, stats.end());
}

TEST_F(WorkerTest, FlowsAreCountedByTheStateInWhichTheyEnd) {
  start();
  open();
  finish();
  event::CounterList stats;
  worker->add_stats(stats);
  const auto value = [&](std::string_view name) {
    const auto at = std::find_if(stats.begin(), stats.end(), [&](const auto& e) { return e.first == name; });
    return at == stats.end() ? UINT64_MAX : at->second;
  };
  EXPECT_EQ(value("flow.end.state.established"), 1U);
  EXPECT_EQ(value("flow.end.tcp_state.established"), 1U);
  EXPECT_EQ(value("flow.end.state.new"), 0U);
}

TEST_F(WorkerTest, APacketThatCarriesADroppedOneIsDroppedWithIt) {
  settings.inline_mode = true;
  settings.report.drops = ReportSettings::Drops::kAll;
  start(RuleAction::kDrop);
  const Bytes frame = PacketBuilder()
                          .ethernet()
                          .ipv4("10.9.0.1", "10.9.0.2")
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .udp(1, 2)
                          .payload("x")
                          .build();
  io::RawPacket raw = test::raw_packet(frame, {1'700'000'000'000'000'000}, 1);
  worker->process(raw);
  EXPECT_EQ(raw.verdict, io::PacketVerdict::kDrop);
  const auto drops = collector.all<event::DropEvent>();
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].reason, "rules");
  EXPECT_EQ(drops[0].header.tuple.source.to_string(), "10.0.0.1");
  EXPECT_EQ(drops[1].reason, "tunnel packet drop");
  EXPECT_EQ(drops[1].header.tuple.source.to_string(), "10.9.0.1");
}

TEST_F(WorkerTest, MacAddressesOfBothEndsAreNotedWhereRecordsShowThem) {
  settings.report.ethernet = true;
  start();
  open();
  const event::FlowEvent flow = finish();
  ASSERT_EQ(flow.client_macs.size(), 2U);  // the builder's frames all have the same two addresses
  EXPECT_EQ(flow.client_macs[0].to_string(), "02:00:00:00:00:01");
}

TEST_F(WorkerTest, StreamRecordsTellStateAndEvents) {
  settings.report.stream_states = true;
  start();
  open();
  const auto records = collector.all<event::AppEvent>();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].type, "stream_tcp");
  const std::string& last = records[2].fields[1].second;
  EXPECT_NE(last.find(R"("state":"established","pstate":"syn_recv")"), std::string::npos) << last;
  EXPECT_NE(last.find(R"("flags":["state_update"])"), std::string::npos) << last;
}

TEST_F(WorkerTest, ALaterCopyGoesOnAsTheFirstOne) {
  settings.inline_mode = true;
  settings.stream.inspect_moment = stream::InspectMoment::kArrival;
  settings.stream.judge_copies = true;
  start();
  open();
  send(true, kData, 1, 1, "GOOD");
  EXPECT_TRUE(sent_on.empty());
  send(true, kData, 1, 1, "EVIL");
  const Bytes second = sent_on;
  ASSERT_GT(second.size(), 4U);
  EXPECT_EQ(std::string(second.end() - 4, second.end()), "GOOD");
  // The same packet made with those bytes: the checksum is that of what is sent.
  PacketBuilder builder;
  builder.ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80, {.flags = kData, .seq = 1001, .ack = 5001});
  EXPECT_EQ(second, builder.payload("GOOD").build());
  send(true, kData, 1, 1, "EVIL");
  EXPECT_EQ(sent_on, second);
  EXPECT_EQ(second.size(), sent_on.size());
}

// A reload replaces the inspectors: what they counted stays, whoever asks meanwhile.
TEST_F(WorkerTest, CountersLiveOnOverAReload) {
  start();
  std::atomic<bool> ended = false;
  const auto total = [&] {
    std::vector<std::pair<std::string, std::uint64_t>> all;
    worker->add_stats(all);
    std::uint64_t sum = 0;
    for (const auto& [name, value] : all) sum += name == "test.seen" ? value : 0;
    return sum;
  };
  std::thread reader([&] {
    for (std::uint64_t last = 0; !ended;) {
      const std::uint64_t now = total();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  for (std::uint32_t generation = 1; generation <= 50; ++generation) {
    open();
    send(true, kData, 1, 1, "x");
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = generation;
    snapshot->inspectors.push_back(std::make_shared<PayloadFactory>(RuleAction::kPass, false, &seen));
    worker->use(snapshot);
  }
  ended = true;
  reader.join();
  EXPECT_GE(seen, 50);
  EXPECT_EQ(total(), static_cast<std::uint64_t>(seen));
}

// Only rules read the windows of streams: without them nothing is kept of what was delivered.
TEST_F(WorkerTest, DataThatNobodyWillReadIsNotKept) {
  const auto kept = [&](bool read) {
    windows_read = read;
    start();
    open();
    std::uint32_t sent = 1;
    std::uint64_t most = 0;
    for (int i = 0; i < 100; ++i) {
      const std::string payload(1000, 'x');
      send(true, kData, sent, 1, payload);
      sent += 1000;
      send(false, kAck, 1, sent);
      std::vector<std::pair<std::string, std::uint64_t>> counters;
      worker->add_stats(counters);
      const auto found = std::find_if(counters.begin(), counters.end(),
                                      [](const auto& counter) { return counter.first == "tcp.reassembly_memuse"; });
      if (found != counters.end()) most = std::max(most, found->second);
    }
    return most;
  };
  EXPECT_GE(kept(true), 100'000U) << "an inspector that reads windows says itself what it needs no longer";
  EXPECT_LE(kept(false), 10'000U);
}

// What the answers' side has beyond the depth will never be read: requests must not wait for it, each of them looked at
// again with every packet.
TEST_F(WorkerTest, RequestsWhoseAnswersLieBeyondTheDepthAreDoneWithAtOnce) {
  settings.app.records = {"http"};
  settings.stream.depth_bytes = 400;
  start();
  open();
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string_view reply =
      "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n............................................................";
  std::uint32_t sent = 1, answered = 1;
  const auto records = [&] {
    const auto all = collector.all<event::AppEvent>();
    return std::count_if(all.begin(), all.end(), [](const auto& e) { return e.type == "http"; });
  };
  for (int i = 0; i < 12; ++i) {  // 29 bytes each: within the depth of their own side
    send(true, kData, sent, answered, request);
    sent += static_cast<std::uint32_t>(request.size());
    send(false, kData, answered, sent, reply);
    answered += static_cast<std::uint32_t>(reply.size());
    send(true, kAck, sent, answered);
    EXPECT_GE(records(), i) << i;  // at most the last one waits for the next packet
  }
  // The parser still knows the answer that was cut.
  send(false, kFin | kAck, answered, sent);
  send(true, kFin | kAck, sent, answered + 1);
  finish();
  EXPECT_EQ(records(), 12);
}

}  // namespace
}  // namespace bulkhead::pipeline
