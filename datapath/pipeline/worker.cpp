#include "datapath/pipeline/worker.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "datapath/decode/checksum.h"
#include "datapath/pipeline/packet_work.h"
#include "datapath/pipeline/replay.h"

namespace bulkhead::pipeline {

namespace {

using decode::PacketOrigin;
using decode::PacketView;

event::RejectTarget reject_target(const Alert& alert, Direction direction) {
  // Source and destination of the packet, told as sides of the flow.
  const bool source_is_client = direction == Direction::kToServer;
  switch (alert.reject) {
    case RejectTarget::kNone: return event::RejectTarget::kNone;
    case RejectTarget::kBoth: return event::RejectTarget::kBoth;
    case RejectTarget::kSource:
      return source_is_client ? event::RejectTarget::kToClient : event::RejectTarget::kToServer;
    case RejectTarget::kDestination:
      return source_is_client ? event::RejectTarget::kToServer : event::RejectTarget::kToClient;
  }
  return event::RejectTarget::kNone;
}

// Nobody will look at its data: the stream engine need not keep it.
void release_windows(stream::TcpSession& session) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    session.side(d).release(session.side(d).delivered_end());
  }
}

}  // namespace

Worker::Worker(const PipelineSettings& settings, std::uint32_t index, event::EventPublisher& publisher,
               SharedGate& gate, ResponseSink* response)
    : settings_(settings),
      index_(index),
      publisher_(publisher),
      gate_(gate),
      response_(response),
      decoder_(settings.decode),
      defrag_(settings.defrag),
      chain_(std::make_unique<decode::PacketChain>()) {
  flows_ = std::make_unique<flow::FlowTable>(
      settings.flow, [this](flow::Flow& flow, flow::FlowEndReason reason) { on_flow_end(flow, reason); });
  stream::StreamListener& listener = *this;
  tcp_ = std::make_unique<stream::TcpTracker>(settings.stream, listener);
  app_ = std::make_unique<app::AppLayer>(settings.app, &gate.app_shared());
}

Worker::~Worker() {
  finishing_ = true;  // a worker that is torn down without finish() reports nothing
}

void Worker::use(SnapshotPtr snapshot) {
  if (snapshot == snapshot_) return;
  std::vector<std::unique_ptr<Inspector>> inspectors;
  {
    const std::lock_guard lock(inspectors_mutex_);
    for (const auto& each : inspectors_) each->add_stats(retired_stats_);
    retired_stats_ = sum_stats(std::move(retired_stats_));
    inspectors.swap(inspectors_);
  }
  inspectors.clear();  // what they hold is free before the next ones ask for it
  for (const auto& factory : snapshot->inspectors) {
    inspectors.push_back(factory->make(index_));
    app_->need(factory->hash_needs());
    app_->need(factory->feature_needs());
  }
  windows_read_ =
      std::any_of(inspectors.begin(), inspectors.end(), [](const auto& each) { return each->reads_windows(); });
  stream_listeners_.clear();
  for (const auto& each : inspectors) {
    if (each->hears_stream()) stream_listeners_.push_back(each.get());
  }
  {
    const std::lock_guard lock(inspectors_mutex_);
    inspectors_.swap(inspectors);
  }
  snapshot_ = std::move(snapshot);
  generation_.store(snapshot_->generation, std::memory_order_release);
  adopt_from_ = 0;
}

void Worker::adopt_flows(std::uint32_t places) {
  if (adopt_from_ == flow::FlowTable::kVisited) return;
  adopt_from_ = flows_->visit_some(adopt_from_, places, [this](flow::Flow& flow) {
    for (const auto& inspector : inspectors_) inspector->adopt(flow);
  });
  if (adopt_from_ == flow::FlowTable::kVisited) {
    settled_.store(generation_.load(std::memory_order_relaxed), std::memory_order_release);
  }
}

// The life of a packet: decode every layer; put fragments together; find the flow; follow TCP; let the
// inspectors judge; act on what they say; report.
void Worker::process(io::RawPacket& raw) {
  now_ = std::max({now_, raw.time, raw.clock});
  order_ = {raw.number, 1, 0, 0};
  verdict_ = io::PacketVerdict::kAccept;
  decided_ = false;
  raw_ = &raw;
  decoder_.decode(raw, *chain_);
  if (raw.captured > counters_.largest_packet.value()) counters_.largest_packet.set(raw.captured);
  // chain_->count grows while we walk: reassembled datagrams and their inner packets are appended.
  for (std::size_t i = 0; i < chain_->count; ++i) handle(chain_->views[i], *chain_);
  if (outer_drop_) drop_outermost();
  raw.verdict = verdict_;
  raw.flow_decided = decided_ && verdict_ == io::PacketVerdict::kAccept;
  raw_ = nullptr;
  switch (verdict_) {
    case io::PacketVerdict::kAccept: counters_.accepted.add(); break;
    case io::PacketVerdict::kDrop: counters_.blocked.add(); break;
    case io::PacketVerdict::kReject: counters_.rejected.add(); break;
  }
}

void Worker::tick(Timestamp now, std::uint64_t next_packet) {
  now_ = std::max(now_, now);
  order_ = {next_packet, 0, 0, 0};
  defrag_.expire(now_);
  count_in_kernel();
  flows_->expire(now_);
}

void Worker::finish(Timestamp end) {
  now_ = std::max(now_, end);
  order_ = {kEndOfInput, 2, 0, 0};
  flows_->end_all(flow::FlowEndReason::kShutdown);
  finishing_ = true;
}

void Worker::handle(PacketView& view, decode::PacketChain& chain) {
  PacketWork work;
  work.view = &view;
  bool judged = true;
  if (view.is_fragment && !view.invalid) {
    const defrag::DefragResult result = defrag_.insert(view, now_);
    for (const auto e : result.events) view.events.add(e);
    decoder_.count(result.events);
    if (result.no_memory) judged = except(work, Exception::kDefragMemcap);
    if (!result.datagram.empty()) {
      const std::size_t whole = chain.count;
      decoder_.decode_datagram(result.datagram, view, chain);
      if (chain.count > whole) chain.views[whole].last_fragment = &view;
    }
  }
  // What a transport protocol carries is what rules call payload; fragments and other protocols have none (as in
  // Suricata 7): their bytes are judged when they are whole, or in the packet inside.
  if (!view.has_transport()) view.payload = {};
  if (judged && track(work)) {
    inspect(work);
    report_anomalies(work);
  }
  report_stream(work);
  conclude(work);
}

namespace {

// One side has ended, or both: what still comes belongs to a connection that was established.
bool is_closing(const flow::Flow& flow) {
  const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session == nullptr) return false;
  return session->state() > flow::TcpState::kEstablished;
}

}  // namespace

// Flow and stream. False when nothing is left to judge: the flow was dropped or passed earlier.
bool Worker::track(PacketWork& work) {
  PacketView& view = *work.view;
  if (view.invalid || !view.is_ip() || view.is_fragment) return true;
  flow::FlowLookup found = flows_->lookup(view);
  if (found.flow == nullptr) return true;
  if (found.flow->elsewhere) return false;
  work.was_established = found.flow->established() || is_closing(*found.flow);
  const bool dropped = found.flow->action == flow::FlowAction::kDrop && settings_.inline_mode;
  const bool bypassed = found.flow->state == flow::FlowState::kBypassed;
  if (bypassed) {
    counters_.bypassed_packets.add();
    counters_.bypassed_bytes.add(view.frame.size());
  }
  const bool followed = !dropped && !bypassed;
  if (view.has_tcp && (view.l4_checksum_bad || view.ip_checksum_bad)) {
    tcp_->count_invalid_checksum();
  } else if (view.has_tcp && followed && !follow_tcp(work, found)) {
    return true;
  }
  work.flow = found.flow;
  work.direction = found.direction;
  work.flow_is_new = found.is_new;
  note_macs(work);
  if (work.stream.rewritten && settings_.stream.judge_copies) rewrite(work);
  follow_block(work);
  if (found.is_new) {
    work.flow->generation = generation();
    for (const auto& inspector : inspectors_) inspector->on_flow_start(*work.flow);
  }
  if (work.flow->action == flow::FlowAction::kDrop && settings_.inline_mode) {
    drop(work, DropReason::kFlowDrop);
    return false;
  }
  if (settings_.inline_mode && settings_.stream.drop_invalid && work.has_stream && work.stream.invalid) {
    drop(work, DropReason::kStreamError);
  }
  if (settings_.inline_mode && work.stream.urgent_drop) drop(work, DropReason::kStreamUrgent);
  if (!feed_application(work) && !except(work, Exception::kAppLayerError)) return false;
  judge_the_rest(work);
  if (work.flow->action == flow::FlowAction::kPass) {
    finish_transactions(work);
    counters_.passed.add();
    if (work.stream.session != nullptr) release_windows(*work.stream.session);
    return false;
  }
  if (work.stream.begins_midstream && !except(work, Exception::kMidstream)) return false;
  if (work.stream.no_session_memory && !except(work, Exception::kStreamMemcap)) return false;
  if (work.stream.no_data_memory && !except(work, Exception::kReassemblyMemcap)) return false;
  return true;
}

// False when the packet has no flow after all.
bool Worker::follow_tcp(PacketWork& work, flow::FlowLookup& found) {
  const PacketView& view = *work.view;
  if (settings_.exceptions.of(Exception::kMidstream) >= ExceptionPolicy::kBypass &&
      stream::TcpTracker::is_midstream(view, *found.flow)) {
    work.stream.begins_midstream = true;  // no session for what will not be followed
    return true;
  }
  work.stream = tcp_->handle(view, *found.flow, found.direction);
  if (work.stream.reused) {
    found = flows_->reopen(*found.flow, view, flow::FlowEndReason::kTimeout);
    if (found.flow == nullptr) return false;
    work.stream = tcp_->handle(view, *found.flow, found.direction);
  }
  work.has_stream = true;
  if (work.stream.direction_swapped) found.direction = opposite(found.direction);
  return true;
}

// Bytes that contradict those the receiver may have already: the packet goes on with the first ones. The checksum is
// made whole even for a super-packet: what a queue gets back counts as complete.
void Worker::rewrite(PacketWork& work) {
  PacketView& view = *work.view;
  if (view.payload.empty() || view.payload.data() < view.frame.data()) return;
  std::vector<Byte>& copy = rewritten_[rewritten_next_++ % rewritten_.size()];
  copy.assign(view.frame.begin(), view.frame.end());
  const Byte* const before = view.frame.data();
  const bool whole_frame = view.raw != nullptr && view.raw == raw_ && before == raw_->data;
  const auto moved = [&](const Byte* p) { return p == nullptr ? nullptr : copy.data() + (p - before); };
  view.ip_header = moved(view.ip_header);
  view.l4_header = moved(view.l4_header);
  if (view.ethernet >= before && view.ethernet < before + view.frame.size()) view.ethernet = moved(view.ethernet);
  view.payload = {moved(view.payload.data()), view.payload.size()};
  view.frame = copy;
  Byte* const payload = copy.data() + (view.payload.data() - copy.data());
  tcp_->rewrite(*work.flow, work.direction, view.tcp.seq, {payload, view.payload.size()});
  Byte* const tcp = copy.data() + (view.l4_header - copy.data());
  constexpr std::size_t kChecksumAt = 16;
  tcp[kChecksumAt] = tcp[kChecksumAt + 1] = 0;
  const std::uint16_t sum = decode::transport_checksum(view.source, view.destination, ip_proto::kTcp,
                                                       {tcp, view.l4_header_length + view.payload.size()});
  std::memcpy(tcp + kChecksumAt, &sum, sizeof sum);  // it is in memory order
  // What is inside of a tunnel is judged as the first copy was, but goes on as it came.
  if (whole_frame) raw_->rewritten = copy;
}

// Applies an exception policy; false when the packet is not judged.
bool Worker::except(PacketWork& work, Exception exception) {
  const ExceptionPolicy policy = settings_.exceptions.of(exception);
  const DropReason reason = names_of(exception).drop;
  const auto what = static_cast<std::size_t>(exception);
  counters_.exceptions[what][static_cast<std::size_t>(policy)].add();
  if (work.flow != nullptr) work.flow->exceptions |= static_cast<std::uint8_t>(1U << what);
  const auto act_on_flow = [&](flow::FlowAction action) {
    if (work.flow != nullptr) work.flow->action = action;
  };
  switch (policy) {
    case ExceptionPolicy::kIgnore: return true;
    case ExceptionPolicy::kPassPacket: return false;
    case ExceptionPolicy::kBypass:
      if (work.flow != nullptr) work.flow->state = flow::FlowState::kBypassed;
      counters_.flow_bypassed.add();
      [[fallthrough]];
    case ExceptionPolicy::kPassFlow: act_on_flow(flow::FlowAction::kPass); return false;
    case ExceptionPolicy::kDropPacket: drop(work, reason); return false;
    case ExceptionPolicy::kDropFlow:
    case ExceptionPolicy::kReject:
      act_on_flow(flow::FlowAction::kDrop);
      drop(work, reason, policy == ExceptionPolicy::kReject);
      return false;
  }
  return true;
}

// Inline: the packet will not be forwarded. The first reason is the one that is told.
void Worker::drop(PacketWork& work, DropReason reason, bool reject) {
  verdict_ = std::max(verdict_, reject ? io::PacketVerdict::kReject : io::PacketVerdict::kDrop);
  work.verdict.fate = event::PacketFate::kDrop;
  if (work.drop == DropReason::kNone) work.drop = reason;
}

// Nothing that its further packets bring can change what becomes of the flow.
bool Worker::is_decided(const flow::Flow& flow) {
  return flow.action == flow::FlowAction::kPass || flow.state == flow::FlowState::kBypassed;
}

// A packet that carries others goes with the one that is dropped.
void Worker::drop_outermost() {
  if (verdict_ != io::PacketVerdict::kAccept) {
    counters_.drops[static_cast<std::size_t>(DropReason::kTunnelPacket)].add();
    if (settings_.report.drops != ReportSettings::Drops::kNone) publish(std::move(*outer_drop_));
  }
  outer_drop_.reset();
}

// The last word about a packet: its drop event. The data that a flow leaves behind is no packet.
void Worker::conclude(PacketWork& work) {
  if (work.flow != nullptr && work.view->origin == PacketOrigin::kWire) decided_ = is_decided(*work.flow);
  if (settings_.kernel_bypass != nullptr) leave_to_kernel(work);
  const bool carries_others = work.view == chain_->views.data() && chain_->count > 1 && work.view->is_ip();
  if (work.drop == DropReason::kNone && carries_others && settings_.inline_mode) {
    work.drop = DropReason::kTunnelPacket;
    work.verdict.fate = event::PacketFate::kDrop;
    outer_drop_ = drop_event(work);
    return;
  }
  if (outer_drop_ && work.verdict.fate == event::PacketFate::kDrop) outer_drop_->verdict = work.verdict;
  if (work.drop == DropReason::kNone) return;
  counters_.drops[static_cast<std::size_t>(work.drop)].add();
  const bool pseudo = work.view->origin == PacketOrigin::kFlowTimeout && work.view->raw == nullptr;
  if (settings_.report.drops == ReportSettings::Drops::kNone || pseudo) return;
  if (settings_.report.drops == ReportSettings::Drops::kStart && work.flow != nullptr) {
    if (std::exchange(work.flow->drop_reported[index_of(work.direction)], true)) return;
  }
  publish(drop_event(work));
}

void Worker::inspect(PacketWork& work) {
  InspectContext context;
  context.packet = work.view;
  context.flow = work.flow;
  context.direction = work.direction;
  context.flow_is_new = work.flow_is_new;
  if (work.has_stream) {
    context.tcp = work.stream.session;
    context.stream = &work.stream;
    context.payload_in_stream = work.stream.in_stream;
  }
  // A TCP connection is established from the packet behind the one that makes it so; the first answer of another
  // protocol already counts. What a SYN carried (TCP fast open) is judged with the packet that completes the handshake.
  const stream::TcpSession* session = work.stream.session;
  const bool at_once = !work.has_stream || (session != nullptr && !session->midstream() && work.view->payload.empty() &&
                                            session->side(work.direction).inspect_end() > 0);
  context.established = work.flow != nullptr && (work.was_established || (at_once && work.flow->established()));
  context.stream_readable = context.tcp != nullptr && context.tcp->side(work.direction).inspect_end() > 0;
  context.flow_ends = work.flow_ends;
  context.inline_mode = settings_.inline_mode;
  context.packet_number = order_.phase == 2 ? kEndOfInput + order_.tie : order_.packet;
  context.now = now_;
  context.gate = &gate_;
  if (work.flow != nullptr) context.application = app::app_flow(*work.flow);
  alerts_.clear();
  events_.clear();
  overflow_ = 0;
  context.alerts = &alerts_;
  context.events = &events_;
  context.alert_queue_overflow = &overflow_;
  for (const auto& inspector : inspectors_) inspector->inspect(context);
  if (context.tcp != nullptr && !windows_read_) release_windows(*context.tcp);
  counters_.alert_queue_overflow.add(overflow_);
  if (work.before_gap) {
    constexpr std::size_t kMostFlows = 65536, kMostAlerts = 64;
    if (gaps_.size() < kMostFlows) {
      auto& kept = gaps_[work.flow->id].alerts[index_of(work.direction)];
      const std::size_t room = kMostAlerts - std::min(kMostAlerts, kept.size());
      kept.insert(kept.end(), alerts_.begin(),
                  alerts_.begin() + static_cast<std::ptrdiff_t>(std::min(room, alerts_.size())));
    }
    alerts_.clear();
  } else if (!gaps_.empty() && work.flow != nullptr) {
    take_alerts_from_before_gap(work);
  }
  if (!alerts_.empty()) apply_alerts(work);
  for (auto& e : events_) {
    event::EventHeader& header = *event::header_of(e);
    const event::EventHeader filled = header_for(work);
    header = filled;
    if (auto* packet = std::get_if<event::PacketEvent>(&e)) show_packet(*work.view, packet->packet, packet->link_type);
    publish(std::move(e));
  }
  finish_transactions(work);
  leave_alone(work, context.application);
  // Ended connections wait a while for their timeout, and many at once.
  if (context.tcp != nullptr && !work.flow_ends && context.tcp->state() >= flow::TcpState::kTimeWait) {
    tcp_->give_back(*work.stream.session);
  }
}

namespace {

// One side has had all that is inspected of it: what follows is bulk.
bool has_reached_depth(const stream::TcpSession& session) {
  return session.side(Direction::kToServer).depth_reached() || session.side(Direction::kToClient).depth_reached();
}

}  // namespace

// Nothing more can be read in this flow: what has come is judged now, both ways, before the packet in hand.
void Worker::judge_the_rest(const PacketWork& work) {
  const app::AppFlow* application = work.flow != nullptr ? app::app_flow(*work.flow) : nullptr;
  if (application == nullptr || !application->may_bypass || work.stream.session == nullptr) return;
  if (!work.flow->payload_inspection || work.flow->action != flow::FlowAction::kNone) return;
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    look_at_stream(*work.flow, *work.stream.session, d, Look::kNow);
  }
  work.flow->payload_inspection = false;
}

// After that packet the flow is left alone: nothing more can be read in it, or nothing more is to be.
void Worker::leave_alone(const PacketWork& work, const app::AppFlow* application) {
  if (!settings_.stream.bypass || work.flow == nullptr || work.flow->action != flow::FlowAction::kNone) return;
  if (work.flow->state == flow::FlowState::kBypassed || work.flow_ends || work.before_gap) return;
  const bool unreadable = application != nullptr && application->may_bypass && !work.flow->payload_inspection;
  if (!unreadable && !(work.has_stream && work.stream.session != nullptr && has_reached_depth(*work.stream.session)))
    return;
  work.flow->state = flow::FlowState::kBypassed;
  counters_.flow_bypassed.add();
}

void Worker::take_alerts_from_before_gap(const PacketWork& work) {
  const auto found = gaps_.find(work.flow->id);
  if (found == gaps_.end()) return;
  auto& kept = found->second.alerts[index_of(work.direction)];
  alerts_.insert(alerts_.begin(), kept.begin(), kept.end());
  kept.clear();
}

// Verdict first, so that every event of the packet can name it; then the events in report order.
void Worker::apply_alerts(PacketWork& work) {
  event::VerdictInfo& verdict = work.verdict;
  const Alert* dropping = nullptr;
  // The first rule in the order of actions that speaks about the flow decides about it.
  const auto act_on_flow = [&](const Alert& alert, flow::FlowAction action) {
    const bool undecided = work.flow != nullptr && work.flow->action == flow::FlowAction::kNone;
    if (alert.applies_to_flow && undecided) work.flow->action = action;
  };
  for (const Alert& alert : alerts_) {
    if (alert.action == RuleAction::kPass) {
      if (dropping == nullptr && work.drop == DropReason::kNone) verdict.fate = event::PacketFate::kPass;
      act_on_flow(alert, flow::FlowAction::kPass);
    } else if (acts_as_drop(alert)) {
      if (dropping == nullptr) dropping = &alert;
      act_on_flow(alert, flow::FlowAction::kDrop);
    }
  }
  if (dropping != nullptr && settings_.inline_mode) {
    drop(work, dropping->drop_reason, dropping->action == RuleAction::kReject);
    if (settings_.report.drop_alerts) work.drop_signature = dropping->signature;
  }
  for (const Alert& alert : alerts_) {
    if (alert.action != RuleAction::kReject) continue;
    verdict.reject = reject_target(alert, work.direction);
    verdict.reject_by_reset = work.view->has_tcp;
    break;
  }
  for (const Alert& alert : alerts_) {
    if (alert.silent) {
      counters_.alerts_silent.add();
    } else {
      counters_.alerts.add();
      if (work.flow != nullptr) work.flow->alerted = true;
      report_alert(work, alert, verdict);
    }
    // Inline the packet is gone already; the block spares the way up here to those that follow.
    const bool blocks = acts_as_drop(alert) && (!settings_.inline_mode || alert.applies_to_flow);
    if (blocks && response_ != nullptr) request_block(work, alert);
  }
}

// Judges the data of one side without a packet of that side: a packet without bytes stands for it.
void Worker::look_at_stream(flow::Flow& flow, stream::TcpSession& session, Direction direction, Look look) {
  PacketView view;
  view.raw = raw_;
  view.origin = PacketOrigin::kFlowTimeout;
  const bool to_server = direction == Direction::kToServer;
  view.family = flow.client.source.family();
  view.source = to_server ? flow.client.source : flow.client.destination;
  view.destination = to_server ? flow.client.destination : flow.client.source;
  view.source_port = to_server ? flow.client.source_port : flow.client.destination_port;
  view.destination_port = to_server ? flow.client.destination_port : flow.client.source_port;
  view.protocol = flow.client.protocol;
  view.vlan_count = flow.vlan_count;
  view.vlan_id = flow.vlan_id;
  PacketWork work;
  work.view = &view;
  work.flow = &flow;
  work.direction = direction;
  work.stream.session = &session;
  work.stream.in_stream = true;
  work.has_stream = true;
  work.flow_ends = look == Look::kFlowEnds;
  work.before_gap = look == Look::kGap && settings_.stream.inspect_moment == stream::InspectMoment::kAcknowledged;
  work.was_established = true;  // data that was taken into a stream belongs to a connection
  feed_application(work);
  inspect(work);
  conclude(work);
}

void Worker::on_flow_end(flow::Flow& flow, flow::FlowEndReason reason) {
  if (finishing_) return;
  // The tie keeps flow ends in the order of the flows' beginnings, whichever worker had them.
  const std::uint64_t tie = std::exchange(order_.tie, flow.first_packet);
  io::RawPacket* const raw = std::exchange(raw_, nullptr);  // the packet in hand is another flow's
  if (order_.phase == 2) gate_.advance(index_, kEndOfInput + flow.first_packet);
  auto* session = static_cast<stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr && flow.action == flow::FlowAction::kNone && !flow.elsewhere) {
    tcp_->flush(flow);
    for (const Direction direction : {Direction::kToServer, Direction::kToClient}) {
      look_at_stream(flow, *session, direction, Look::kFlowEnds);
    }
  }
  const std::optional<event::KernelShare> in_kernel = in_kernel_.empty() ? std::nullopt : take_from_kernel(flow);
  count_end(flow);
  if (settings_.report.flow_events && !flow.elsewhere) report_flow(flow, reason, in_kernel);
  for (const auto& inspector : inspectors_) inspector->on_flow_end(flow);
  cut_flows_.erase(flow.id);
  gaps_.erase(flow.id);
  order_.tie = tie;
  raw_ = raw;
}

void Worker::publish(event::Event&& event) {
  event::EventHeader& header = *event::header_of(event);
  header.order = order_;
  ++order_.sequence;
  publisher_.publish(std::move(event));
}

void Worker::on_data(flow::Flow& flow, Direction direction, std::uint64_t offset, ByteSpan data) {
  for (Inspector* inspector : stream_listeners_) inspector->on_data(flow, direction, offset, data);
}

// What lies before the gap is gone afterwards: it is judged now.
void Worker::on_gap(flow::Flow& flow, Direction direction, std::uint64_t offset, std::uint64_t length) {
  auto* session = static_cast<stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr && flow.action == flow::FlowAction::kNone) {
    look_at_stream(flow, *session, direction, Look::kGap);
    if (settings_.report.alert_payload) {
      constexpr std::size_t kMostFlows = 65536;
      if (gaps_.size() < kMostFlows || gaps_.contains(flow.id)) {
        std::string& text = gaps_[flow.id].text[index_of(direction)];
        const ByteSpan window = session->side(direction).window();
        text.append(window.begin(), window.end()).append("[" + std::to_string(length) + " bytes missing]");
        if (text.size() > settings_.report.payload_limit) text.resize(settings_.report.payload_limit);
      }
    }
  }
  for (Inspector* inspector : stream_listeners_) inspector->on_gap(flow, direction, offset, length);
}

void Worker::on_rewind(flow::Flow& flow, Direction direction, std::uint64_t offset) {
  for (Inspector* inspector : stream_listeners_) inspector->on_rewind(flow, direction, offset);
}

}  // namespace bulkhead::pipeline
