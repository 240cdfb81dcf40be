// The plug between the packet pipeline and those who judge packets: the signature matcher, the
// policy classifier, later detectors. The pipeline knows only this interface.
//
// Thread   one Inspector object per worker; its factory is shared and immutable (part of a Snapshot).
// Order    per packet: on_data/on_gap/on_rewind (stream bytes as they become contiguous, in place), then
//          inspect(); per flow at its end: inspect() with packet.origin == kFlowTimeout for each direction
//          that has data left, then on_flow_end().
// Errors   inspectors never throw and never block.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "datapath/app/app_flow.h"
#include "datapath/app/hash_needs.h"
#include "datapath/decode/packet_view.h"
#include "datapath/event/event.h"
#include "datapath/flow/flow.h"
#include "datapath/pipeline/exception_policy.h"
#include "datapath/pipeline/shared_gate.h"
#include "datapath/pipeline/verdict.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::pipeline {

// One rule that fired on the packet under inspection, in the order in which it is reported.
struct Alert {
  event::SignatureInfoPtr signature;
  RuleAction action = RuleAction::kAlert;
  RejectTarget reject = RejectTarget::kNone;
  bool silent = false;           // noalert, suppressed, or beyond a threshold: acts but is not reported
  bool applies_to_flow = false;  // drop and pass: the whole flow, not only this packet
  bool on_stream = false;        // matched stream data, not the packet's own payload
  DropReason drop_reason = DropReason::kRules;
  std::optional<std::uint64_t> tx_id;
  std::uint64_t stream_begin = 0, stream_end = 0;  // where in the stream, when on_stream
  std::uint8_t target = 0;                         // `target` keyword: 0 none, 1 source, 2 destination
};

[[nodiscard]] inline bool acts_as_drop(const Alert& alert) {
  return alert.action == RuleAction::kDrop || alert.action == RuleAction::kReject;
}

struct InspectContext {
  const decode::PacketView* packet = nullptr;  // never null
  flow::Flow* flow = nullptr;                  // null: no flow (ARP, broken packets, ...)
  Direction direction = Direction::kToServer;
  bool flow_is_new = false;
  stream::TcpSession* tcp = nullptr;             // null: not TCP or not tracked
  app::AppFlow* application = nullptr;           // null: no application data yet
  const stream::StreamUpdate* stream = nullptr;  // null unless tcp was handled; has the stream events
  bool established = false;                      // of TCP: before this packet; of others: with it
  bool payload_in_stream = false;  // the payload is (part of) stream data: plain tcp content looks at the stream only
  bool stream_readable = false;    // new stream data of this direction may be judged now
  bool flow_ends = false;          // last call for this direction
  bool inline_mode = false;        // verdicts take effect on the packet (IPS)
  std::uint64_t packet_number = 0;
  Timestamp now;
  SharedGate* gate = nullptr;  // enter before touching state shared between workers; never null

  std::vector<Alert>* alerts = nullptr;           // appended by the inspectors
  std::vector<event::Event>* events = nullptr;    // further events; the worker fills order, time and header
  std::uint32_t* alert_queue_overflow = nullptr;  // alerts beyond packet-alert-max
};

class Inspector : public stream::StreamListener {
 public:
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void inspect(InspectContext& context) = 0;
  // Does it look at StreamSide::window(), and release what it has judged? Where none does, the worker releases all.
  [[nodiscard]] virtual bool reads_windows() const { return false; }
  // Is it told of on_data(), on_gap(), on_rewind()?
  [[nodiscard]] virtual bool hears_stream() const { return true; }
  virtual void on_flow_start(flow::Flow&) {}
  virtual void on_flow_end(flow::Flow&) {}
  // Takes over what the inspector of an earlier snapshot left with the flow, so that nothing of that one is kept.
  virtual void adopt(flow::Flow&) {}
  void on_data(flow::Flow&, Direction, std::uint64_t, ByteSpan) override {}
  void on_gap(flow::Flow&, Direction, std::uint64_t, std::uint64_t) override {}
  void on_rewind(flow::Flow&, Direction, std::uint64_t) override {}
  // Flow variables for events (flowbits, flowints, captures); null when there are none.
  [[nodiscard]] virtual std::shared_ptr<const event::FlowMetadata> flow_metadata(const flow::Flow&) const {
    return nullptr;
  }
  // Adds "detect.alert", ... to a stats event.
  virtual void add_stats(std::vector<std::pair<std::string, std::uint64_t>>&) const {}
};

// Immutable and shared by all workers: a compiled signature database, a policy table.
class InspectorFactory {
 public:
  InspectorFactory() = default;
  InspectorFactory(const InspectorFactory&) = delete;
  InspectorFactory& operator=(const InspectorFactory&) = delete;
  virtual ~InspectorFactory() = default;
  [[nodiscard]] virtual std::unique_ptr<Inspector> make(std::uint32_t worker) const = 0;
  // Hashes of files that its rules ask for.
  [[nodiscard]] virtual app::HashNeeds hash_needs() const { return {}; }
  [[nodiscard]] virtual app::FeatureNeeds feature_needs() const { return {}; }
};

}  // namespace bulkhead::pipeline
