// One worker: packet in, events out. The life of a packet is Worker::process(), top to bottom.
//
// Thread   one; owns its decoder, defragmenter, flow table, stream engine, inspectors and counters.
// In       RawPackets in capture order; tick() carries packet time for timeouts.
// Out      events to the EventPublisher; verdicts into RawPacket::verdict; block requests to ResponseSink.
// Order    events carry EventOrder, so that any number of workers gives one order.
// Errors   never throws; what is wrong with a packet becomes counters and events.
// Tests    tests/unit/datapath/pipeline/worker_test.cpp, replay_test.cpp; tests/golden/
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/app/app_layer.h"
#include "datapath/base/counters.h"
#include "datapath/decode/decoder.h"
#include "datapath/defrag/ip_defrag.h"
#include "datapath/event/event_publisher.h"
#include "datapath/flow/flow_table.h"
#include "datapath/io/packet_source.h"
#include "datapath/pipeline/inspector.h"
#include "datapath/pipeline/pipeline_settings.h"
#include "datapath/pipeline/response.h"
#include "datapath/pipeline/snapshot.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::pipeline {

struct WorkerCounters {
  Counter alerts, alerts_silent, alert_queue_overflow, accepted, blocked, rejected, passed, flow_bypassed,
      block_requests, bypassed_packets, bypassed_bytes, bypassed_ended, kernel_packets, kernel_bytes;
  std::array<Counter, static_cast<std::size_t>(DropReason::kCount)> drops;
  std::array<std::array<Counter, kExceptionPolicyCount>, kExceptionCount> exceptions;
  Counter largest_packet, most_client_macs, most_server_macs;
  std::array<Counter, 4> ended_in_state;       // by flow::FlowState
  std::array<Counter, 11> ended_in_tcp_state;  // by flow::TcpState
};

class Worker final : private stream::StreamListener {
 public:
  Worker(const PipelineSettings& settings, std::uint32_t index, event::EventPublisher& publisher, SharedGate& gate,
         ResponseSink* response);
  ~Worker() override;

  // Takes a generation for all following packets. Flows keep their state where the inspectors can carry it over.
  void use(SnapshotPtr snapshot);
  // After use(): has the inspectors take over flows of earlier generations, `places` of the flow table at a time. Until
  // all are taken over something may still hold what those generations were made of.
  void adopt_flows(std::uint32_t places);
  void process(io::RawPacket& raw);
  // Packet time has reached `now` before packet `next_packet`: timeouts.
  void tick(Timestamp now, std::uint64_t next_packet);
  // End of input at time `end`: every flow gets its last look and its event.
  void finish(Timestamp end);

  // Sums this worker's counters into (name, value) pairs with EVE stats names. Any thread.
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;
  [[nodiscard]] const WorkerCounters& counters() const { return counters_; }
  [[nodiscard]] const flow::FlowTable& flows() const { return *flows_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_.load(std::memory_order_acquire); }
  // The generation that all flows are of. Any thread.
  [[nodiscard]] std::uint32_t settled_generation() const { return settled_.load(std::memory_order_acquire); }

 private:
  struct PacketWork;

  void on_data(flow::Flow& flow, Direction direction, std::uint64_t offset, ByteSpan data) override;
  void on_gap(flow::Flow& flow, Direction direction, std::uint64_t offset, std::uint64_t length) override;
  void on_rewind(flow::Flow& flow, Direction direction, std::uint64_t offset) override;

  void handle(decode::PacketView& view, decode::PacketChain& chain);
  bool track(PacketWork& work);
  bool follow_tcp(PacketWork& work, flow::FlowLookup& found);
  void inspect(PacketWork& work);
  bool except(PacketWork& work, Exception exception);
  void judge_the_rest(const PacketWork& work);
  void leave_alone(const PacketWork& work, const app::AppFlow* application);
  void drop(PacketWork& work, DropReason reason, bool reject = false);
  [[nodiscard]] static bool is_decided(const flow::Flow& flow);
  void conclude(PacketWork& work);
  void apply_alerts(PacketWork& work);
  void report_stream(const PacketWork& work);
  void report_anomalies(const PacketWork& work);
  void report_alert(const PacketWork& work, const Alert& alert, const event::VerdictInfo& verdict);
  static void show_packet(const decode::PacketView& view, std::string& packet, std::uint16_t& link_type);
  [[nodiscard]] event::DropEvent drop_event(const PacketWork& work) const;
  void request_block(const PacketWork& work, const Alert& alert);
  void follow_block(const PacketWork& work);
  void add_route(const PacketWork& work, BlockRequest& request) const;
  void rewrite(PacketWork& work);
  void take_alerts_from_before_gap(const PacketWork& work);
  void leave_to_kernel(const PacketWork& work);
  void count_in_kernel();
  [[nodiscard]] std::optional<event::KernelShare> take_from_kernel(flow::Flow& flow);
  [[nodiscard]] std::string stream_payload(const PacketWork& work, const Alert& alert) const;
  enum class Look : std::uint8_t { kNow, kFlowEnds, kGap };
  void look_at_stream(flow::Flow& flow, stream::TcpSession& session, Direction direction, Look look);
  void count_end(const flow::Flow& flow);
  void on_flow_end(flow::Flow& flow, flow::FlowEndReason reason);
  void report_flow(const flow::Flow& flow, flow::FlowEndReason reason, std::optional<event::KernelShare> in_kernel);
  bool feed_application(PacketWork& work);
  static bool take_turn(PacketWork& work);
  void show_streams_again(const PacketWork& work);
  void finish_transactions(const PacketWork& work);
  void finish_parser(const PacketWork& work, app::AppParser& parser, const app::Protocol& protocol, bool over);
  [[nodiscard]] bool beyond_depth(const PacketWork& work, Direction d) const;
  void report_transaction(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol);
  void report_files(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol);
  void report_app_events(const PacketWork& work, app::AppFlow& state);
  void report_parser_events(const PacketWork& work, app::Transaction& tx, const app::Protocol& protocol);
  static void add_app_names(const flow::Flow& flow, event::EventHeader& header);
  void add_app_fields(const flow::Flow& flow, std::uint64_t tx_id, Direction direction, event::AppFields& out) const;
  void guess_transaction(const PacketWork& work, const Alert& alert, event::AlertEvent& e) const;
  void drop_outermost();
  static void name_client(const ForwardedForSettings& settings, const app::Transaction& tx, bool is_source,
                          event::EventHeader& header, std::string& text);
  void name_client_of_alert(const PacketWork& work, const Alert& alert, event::AlertEvent& e) const;
  void name_client_of_record(const app::Transaction& tx, bool is_source, event::AppEvent& e) const;
  void note_macs(const PacketWork& work);
  [[nodiscard]] event::EventHeader flow_header(const PacketWork& work) const;
  [[nodiscard]] event::EventHeader header_for(const PacketWork& work) const;
  [[nodiscard]] std::shared_ptr<const event::FlowMetadata> metadata_of(const flow::Flow& flow) const;
  void publish(event::Event&& event);

  const PipelineSettings settings_;
  const std::uint32_t index_;
  event::EventPublisher& publisher_;
  SharedGate& gate_;
  ResponseSink* response_;

  decode::Decoder decoder_;
  defrag::IpDefrag defrag_;
  std::unique_ptr<flow::FlowTable> flows_;
  std::unique_ptr<stream::TcpTracker> tcp_;
  std::unique_ptr<app::AppLayer> app_;
  SnapshotPtr snapshot_;
  std::uint32_t adopt_from_ = flow::FlowTable::kVisited;
  // The worker alone changes the list, and reads it without the lock; other threads ask for counters under it.
  std::vector<std::unique_ptr<Inspector>> inspectors_;
  std::vector<Inspector*> stream_listeners_;  // of them, who hear streams
  bool windows_read_ = false;                 // by one of them
  event::CounterList retired_stats_;          // of inspectors that a later generation has replaced
  mutable std::mutex inspectors_mutex_;
  std::unique_ptr<decode::PacketChain> chain_;
  // Frames with the payload that their streams have, until their batch is released: a batch has at most that many.
  std::array<std::vector<Byte>, io::kMaxBatch> rewritten_;
  std::size_t rewritten_next_ = 0;
  // Flows with a gap, by id: what was found before it, to be told with the next packet of that side, and the bytes
  // before it as alerts show them.
  struct BeforeGap {
    std::array<std::vector<Alert>, 2> alerts;
    std::array<std::string, 2> text;
  };
  std::unordered_map<std::uint64_t, BeforeGap> gaps_;
  struct InKernel {
    std::uint32_t handle = 0;  // 0: it had no place
    FlowKey key;
    std::uint64_t hash = 0;
    event::KernelShare counted;  // in the flow already
  };
  std::unordered_map<std::uint64_t, InKernel> in_kernel_;  // by id of the flow
  std::vector<Alert> alerts_;
  std::vector<event::Event> events_;
  Timestamp now_;
  event::EventOrder order_;
  io::PacketVerdict verdict_ = io::PacketVerdict::kAccept;  // of the packet in hand
  bool decided_ = false;                                    // of its flow
  std::uint32_t overflow_ = 0;
  bool finishing_ = false;
  // Tap: TCP flows that were asked to be cut, with the packets after that which may still move the resets.
  std::unordered_map<std::uint64_t, std::uint32_t> cut_flows_;
  std::optional<event::DropEvent>
      outer_drop_;                // inline: of a packet that carries others, should one of them be dropped
  io::RawPacket* raw_ = nullptr;  // the packet in hand; null between packets
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<std::uint32_t> settled_{0};
  WorkerCounters counters_;
};

}  // namespace bulkhead::pipeline
