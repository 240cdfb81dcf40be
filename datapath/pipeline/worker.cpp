#include "datapath/pipeline/worker.h"

#include <algorithm>
#include <limits>
#include <string>

#include "datapath/pipeline/drop_fields.h"

namespace bulkhead::pipeline {

namespace {

using decode::PacketOrigin;
using decode::PacketView;
using decode::TunnelKind;

event::PacketSourceName source_name(const PacketView& view) {
  using event::PacketSourceName;
  switch (view.origin) {
    case PacketOrigin::kWire: return PacketSourceName::kWire;
    case PacketOrigin::kDefragment: return PacketSourceName::kDefrag;
    case PacketOrigin::kFlowTimeout: return PacketSourceName::kFlowTimeout;
    case PacketOrigin::kTunnel: break;
  }
  switch (view.tunnel) {
    case TunnelKind::kGre: return PacketSourceName::kGreTunnel;
    case TunnelKind::kErspan: return PacketSourceName::kErspanTunnel;
    case TunnelKind::kVxlan: return PacketSourceName::kVxlanTunnel;
    case TunnelKind::kGeneve: return PacketSourceName::kGeneveTunnel;
    case TunnelKind::kTeredo: return PacketSourceName::kTeredoTunnel;
    case TunnelKind::kIpInIp:
    case TunnelKind::kIpv6InIp:
    case TunnelKind::kNone: break;
  }
  const bool outer_is_v6 = view.outer != nullptr && view.outer->family == IpFamily::kV6;
  return outer_is_v6 ? PacketSourceName::kTunnel6 : PacketSourceName::kTunnel4;
}

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

// Packets of a flow that may pass between the match and the block, which takes about a millisecond.
constexpr std::uint32_t kFollowedPackets = 64;

bool acts_as_drop(const Alert& alert) {
  return alert.action == RuleAction::kDrop || alert.action == RuleAction::kReject;
}

event::FlowSummary summary_of(const flow::Flow& flow) {
  const auto& to_server = flow.counts[index_of(Direction::kToServer)];
  const auto& to_client = flow.counts[index_of(Direction::kToClient)];
  return {to_server.packets, to_client.packets, to_server.bytes, to_client.bytes, flow.start, flow.client};
}

std::string_view name_of(flow::FlowState state) {
  switch (state) {
    case flow::FlowState::kNew: return "new";
    case flow::FlowState::kEstablished: return "established";
    case flow::FlowState::kClosed: return "closed";
    case flow::FlowState::kBypassed: return "bypassed";
  }
  return "new";
}

std::string_view name_of(flow::FlowEndReason reason) {
  switch (reason) {
    case flow::FlowEndReason::kTimeout: return "timeout";
    case flow::FlowEndReason::kForced: return "forced";
    case flow::FlowEndReason::kShutdown: return "shutdown";
  }
  return "timeout";
}

bool has_ports(std::uint8_t protocol) {
  return protocol == ip_proto::kTcp || protocol == ip_proto::kUdp || protocol == ip_proto::kSctp;
}

bool is_icmp(std::uint8_t protocol) {
  return protocol == ip_proto::kIcmp || protocol == ip_proto::kIcmpv6;
}

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
constexpr auto kRawIp = static_cast<std::uint16_t>(io::LinkType::kRawOld);

std::string text_of(ByteSpan bytes, std::size_t limit) {
  const ByteSpan kept = bytes.first(std::min(bytes.size(), limit));
  return {kept.begin(), kept.end()};
}

}  // namespace

// What is known about the packet in hand; lives for one handle() call.
struct Worker::PacketWork {
  PacketView* view = nullptr;
  flow::Flow* flow = nullptr;
  Direction direction = Direction::kToServer;
  bool flow_is_new = false;
  bool was_established = false;  // before this packet, which may have closed the connection
  stream::StreamUpdate stream;
  bool has_stream = false;
  bool flow_ends = false;
};

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
}

Worker::~Worker() {
  finishing_ = true;  // a worker that is torn down without finish() reports nothing
}

void Worker::use(SnapshotPtr snapshot) {
  if (snapshot == snapshot_) return;
  inspectors_.clear();
  for (const auto& factory : snapshot->inspectors) inspectors_.push_back(factory->make(index_));
  snapshot_ = std::move(snapshot);
  generation_.store(snapshot_->generation, std::memory_order_release);
}

// The life of a packet: decode every layer; put fragments together; find the flow; follow TCP; let the
// inspectors judge; act on what they say; report.
void Worker::process(io::RawPacket& raw) {
  now_ = std::max({now_, raw.time, raw.clock});
  order_ = {raw.number, 1, 0, 0};
  verdict_ = io::PacketVerdict::kAccept;
  raw_ = &raw;
  decoder_.decode(raw, *chain_);
  // chain_->count grows while we walk: reassembled datagrams and their inner packets are appended.
  for (std::size_t i = 0; i < chain_->count; ++i) handle(chain_->views[i], *chain_);
  raw.verdict = verdict_;
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
  flows_->expire(now_);
}

void Worker::finish(Timestamp end) {
  now_ = std::max(now_, end);
  order_ = {kEndOfInput, 2, 0, 0};
  flows_->end_all(flow::FlowEndReason::kShutdown);
  finishing_ = true;
}

void Worker::handle(PacketView& view, decode::PacketChain& chain) {
  if (view.is_fragment && !view.invalid) {
    const defrag::DefragResult result = defrag_.insert(view, now_);
    for (const auto e : result.events) view.events.add(e);
    decoder_.count(result.events);
    if (!result.datagram.empty()) {
      const std::size_t whole = chain.count;
      decoder_.decode_datagram(result.datagram, view, chain);
      if (chain.count > whole) chain.views[whole].last_fragment = &view;
    }
  }
  PacketWork work;
  work.view = &view;
  if (!track(work)) return;
  report_anomalies(work);
  inspect(work);
}

// Flow and stream. False when nothing is left to judge: the flow was dropped or passed earlier.
bool Worker::track(PacketWork& work) {
  PacketView& view = *work.view;
  if (view.invalid || !view.is_ip() || view.is_fragment) return true;
  flow::FlowLookup found = flows_->lookup(view);
  if (found.flow == nullptr) return true;
  work.was_established = found.flow->established();
  if (view.has_tcp && !view.l4_checksum_bad && found.flow->action != flow::FlowAction::kDrop) {
    work.stream = tcp_->handle(view, *found.flow, found.direction);
    if (work.stream.reused) {
      found = flows_->reopen(*found.flow, view, flow::FlowEndReason::kTimeout);
      if (found.flow == nullptr) return true;
      work.stream = tcp_->handle(view, *found.flow, found.direction);
    }
    work.has_stream = true;
    if (work.stream.direction_swapped) found.direction = opposite(found.direction);
  } else if (view.has_tcp && view.l4_checksum_bad) {
    tcp_->count_invalid_checksum();
  }
  work.flow = found.flow;
  work.direction = found.direction;
  work.flow_is_new = found.is_new;
  follow_block(work);
  if (found.is_new) {
    work.flow->generation = generation();
    for (const auto& inspector : inspectors_) inspector->on_flow_start(*work.flow);
  }
  if (work.flow->action == flow::FlowAction::kDrop && settings_.inline_mode) {
    verdict_ = std::max(verdict_, io::PacketVerdict::kDrop);
    counters_.drops_flow.add();
    if (settings_.report.drops == ReportSettings::Drops::kAll) {
      report_drop(work, "flow drop", nullptr, {event::PacketFate::kDrop});
    }
    return false;
  }
  if (work.flow->action == flow::FlowAction::kPass) {
    counters_.passed.add();
    if (work.stream.session != nullptr) {  // nobody will look at its data: the stream engine need not keep it
      stream::StreamSide& side = work.stream.session->side(work.direction);
      side.release(side.delivered_end());
    }
    return false;
  }
  if (settings_.inline_mode && settings_.stream.drop_invalid && work.has_stream && work.stream.invalid) {
    verdict_ = std::max(verdict_, io::PacketVerdict::kDrop);
    if (settings_.report.drops != ReportSettings::Drops::kNone) {
      report_drop(work, "stream error", nullptr, {event::PacketFate::kDrop});
    }
  }
  return true;
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
  context.established = work.flow != nullptr && (work.was_established || work.flow->established());
  context.stream_readable = context.tcp != nullptr && context.tcp->side(work.direction).inspect_end() > 0;
  context.flow_ends = work.flow_ends;
  context.inline_mode = settings_.inline_mode;
  context.packet_number = order_.phase == 2 ? kEndOfInput + order_.tie : order_.packet;
  context.now = now_;
  context.gate = &gate_;
  alerts_.clear();
  events_.clear();
  overflow_ = 0;
  context.alerts = &alerts_;
  context.events = &events_;
  context.alert_queue_overflow = &overflow_;
  for (const auto& inspector : inspectors_) inspector->inspect(context);
  counters_.alert_queue_overflow.add(overflow_);
  if (!alerts_.empty()) apply_alerts(work);
  for (auto& e : events_) {
    event::EventHeader& header = *event::header_of(e);
    const event::EventHeader filled = header_for(work);
    header = filled;
    publish(std::move(e));
  }
}

// Verdict first, so that every event of the packet can name it; then the events in report order.
void Worker::apply_alerts(PacketWork& work) {
  event::VerdictInfo verdict;
  const Alert* dropping = nullptr;
  for (const Alert& alert : alerts_) {
    if (alert.action == RuleAction::kPass) {
      if (dropping == nullptr) verdict.fate = event::PacketFate::kPass;
      if (alert.applies_to_flow && work.flow != nullptr) work.flow->action = flow::FlowAction::kPass;
    } else if (acts_as_drop(alert)) {
      if (dropping == nullptr) dropping = &alert;
      if (alert.applies_to_flow && work.flow != nullptr) work.flow->action = flow::FlowAction::kDrop;
    }
  }
  if (dropping != nullptr && settings_.inline_mode) {
    verdict.fate = event::PacketFate::kDrop;
    const bool reject = dropping->action == RuleAction::kReject;
    verdict_ = std::max(verdict_, reject ? io::PacketVerdict::kReject : io::PacketVerdict::kDrop);
    counters_.drops_rules.add();
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
    if (acts_as_drop(alert) && !settings_.inline_mode && response_ != nullptr) request_block(work, alert);
  }
  if (dropping != nullptr && settings_.inline_mode && settings_.report.drops != ReportSettings::Drops::kNone) {
    report_drop(work, dropping->drop_reason, dropping, verdict);
  }
}

// How the flow's frames travel.
void Worker::add_route(const PacketWork& work, BlockRequest& request) const {
  const PacketView& view = *work.view;
  if (view.ethernet == nullptr || view.origin != PacketOrigin::kWire) return;
  const MacAddress source = MacAddress::from(view.ethernet + 6);
  const MacAddress destination = MacAddress::from(view.ethernet);
  const bool to_server = work.direction == Direction::kToServer;
  request.has_ethernet = true;
  request.client_mac = to_server ? source : destination;
  request.server_mac = to_server ? destination : source;
  request.interface_index = view.raw->interface_index;
  request.vlan_count = view.vlan_count;
}

// What passed between the match and the block has moved the sequence numbers, and a receiver ignores a reset
// that is not exactly at the next byte (RFC 5961). A block ends such packets, so they are few.
void Worker::follow_block(const PacketWork& work) {
  const PacketView& view = *work.view;
  if (cut_flows_.empty() || !view.has_tcp || view.l4_checksum_bad || work.flow == nullptr) return;
  const bool moves = !view.payload.empty() || (view.tcp.flags & decode::tcp_flag::kFin) != 0;
  if (!moves || (view.tcp.flags & decode::tcp_flag::kRst) != 0) return;
  const auto cut = cut_flows_.find(work.flow->id);
  if (cut == cut_flows_.end() || cut->second == 0) return;
  --cut->second;
  BlockRequest request;
  request.client = work.flow->client;
  request.flow_id = work.flow->id;
  request.packet_time = view.raw != nullptr ? view.raw->time : now_;
  request.packet_number = order_.packet;
  request.is_tcp = true;
  request.follows = true;
  const std::uint32_t fin = (view.tcp.flags & decode::tcp_flag::kFin) != 0 ? 1 : 0;
  request.next_seq[index_of(work.direction)] = view.tcp.seq + static_cast<std::uint32_t>(view.payload.size()) + fin;
  request.next_seq[index_of(opposite(work.direction))] = view.tcp.ack;
  add_route(work, request);
  response_->request(request);
}

void Worker::request_block(const PacketWork& work, const Alert& alert) {
  if (work.flow == nullptr) return;
  BlockRequest request;
  request.client = work.flow->client;
  request.signature = alert.signature;
  request.flow_id = work.flow->id;
  request.packet_time = work.view->raw != nullptr ? work.view->raw->time : now_;
  request.packet_number = order_.packet;
  request.is_tcp = work.flow->key.protocol == ip_proto::kTcp;
  request.verified = request.is_tcp && work.flow->established();
  if (work.has_stream && work.stream.session != nullptr) {
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      request.next_seq[index_of(d)] = work.stream.session->next_seq(d);
    }
  }
  add_route(work, request);
  counters_.block_requests.add();
  response_->request(request);
  if (request.is_tcp) cut_flows_.try_emplace(request.flow_id, kFollowedPackets);
}

void Worker::report_anomalies(const PacketWork& work) {
  const auto report = [&](std::string_view type, std::string name) {
    event::AnomalyEvent e;
    e.header = header_for(work);
    e.type = type;
    e.name = std::move(name);
    publish(std::move(e));
  };
  if (settings_.report.decode_anomalies) {
    for (const auto e : work.view->events) report("decode", "decoder." + std::string(decode::info(e).name));
  }
  if (settings_.report.stream_anomalies && work.has_stream) {
    for (const auto e : work.stream.events) report("stream", "stream." + std::string(stream::counter_name(e)));
  }
}

event::EventHeader Worker::header_for(const PacketWork& work) const {
  const PacketView& view = *work.view;
  event::EventHeader h;
  h.time = view.raw != nullptr ? view.raw->time : now_;
  if (work.flow != nullptr) h.flow_id = work.flow->id;
  if (view.raw != nullptr && settings_.report.include_packet_number) h.packet_number = view.raw->number;
  if (view.raw != nullptr) h.interface_index = view.raw->interface_index;
  if (view.is_ip()) {
    h.tuple = view.tuple();
    h.has_tuple = true;
    h.has_ports = has_ports(view.protocol) && !view.is_fragment;
  }
  h.vlan_count = view.vlan_count;
  h.vlan_id = view.vlan_id;
  h.packet_source = source_name(view);
  h.has_packet_source = true;
  if (view.has_icmp || view.has_icmpv6) {
    h.has_icmp = true;
    h.icmp_type = view.icmp_type;
    h.icmp_code = view.icmp_code;
  }
  if (view.esp_spi != 0) {
    h.esp_spi = view.esp_spi;
    h.has_esp_spi = true;
  }
  if (settings_.report.ethernet && view.ethernet != nullptr) {
    h.ether = {MacAddress::from(view.ethernet + 6), MacAddress::from(view.ethernet)};
  }
  return h;
}

std::shared_ptr<const event::FlowMetadata> Worker::metadata_of(const flow::Flow& flow) const {
  for (const auto& inspector : inspectors_) {
    if (auto metadata = inspector->flow_metadata(flow)) return metadata;
  }
  return nullptr;
}

void Worker::report_alert(const PacketWork& work, const Alert& alert, const event::VerdictInfo& verdict) {
  const PacketView& view = *work.view;
  const ReportSettings& report = settings_.report;
  event::AlertEvent e;
  e.header = header_for(work);
  e.signature = alert.signature;
  e.blocked = acts_as_drop(alert) && settings_.inline_mode;
  e.direction = work.direction;
  e.on_stream = alert.on_stream;
  e.tx_id = alert.tx_id;
  e.verdict = verdict;
  e.target_is_source = alert.target;
  e.packet_length = view.raw != nullptr ? view.raw->wire_length : 0;
  if (work.flow != nullptr) {
    e.has_flow = true;
    e.flow = summary_of(*work.flow);
    if (report.alert_metadata) e.metadata = metadata_of(*work.flow);
  }
  if (report.alert_payload) {
    e.has_payload = true;
    if (alert.on_stream && work.stream.session != nullptr) {
      const stream::StreamSide& side = work.stream.session->side(work.direction);
      const std::uint64_t begin = std::max(alert.stream_begin, side.window_begin());
      const ByteSpan window = side.window();
      const std::uint64_t end = std::min(std::max(alert.stream_end, begin), side.window_begin() + window.size());
      if (begin < end) {
        e.payload = text_of(window.subspan(begin - side.window_begin(), end - begin), report.payload_limit);
      }
    } else {
      e.payload = text_of(view.payload, report.payload_limit);
    }
  }
  if (report.alert_packet && view.raw != nullptr) {
    // A reassembled datagram is shown behind the link header of its last fragment.
    const PacketView& link = view.last_fragment != nullptr ? *view.last_fragment : view;
    const bool from_wire = link.origin == PacketOrigin::kWire;
    if (view.last_fragment != nullptr && from_wire) {
      e.packet = text_of(link.frame.first(static_cast<std::size_t>(link.ip_header - link.frame.data())), kNoLimit);
    }
    e.packet += text_of(view.frame, kNoLimit);
    e.link_type = from_wire ? static_cast<std::uint16_t>(view.raw->link_type) : kRawIp;
  }
  if (view.origin == PacketOrigin::kTunnel && view.outer != nullptr) {
    const PacketView& outer = *view.outer;
    event::TunnelInfo tunnel;
    tunnel.source = outer.source;
    tunnel.destination = outer.destination;
    tunnel.source_port = outer.source_port;
    tunnel.destination_port = outer.destination_port;
    tunnel.protocol = outer.protocol;
    tunnel.depth = view.tunnel_depth;
    tunnel.packet_number = view.raw != nullptr ? view.raw->number : 0;
    e.tunnel = tunnel;
  }
  publish(std::move(e));
}

void Worker::report_drop(const PacketWork& work, std::string_view reason, const Alert* alert,
                         const event::VerdictInfo& verdict) {
  const PacketView& view = *work.view;
  event::DropEvent e;
  e.header = header_for(work);
  e.reason = reason;
  e.direction = work.direction;
  fill_packet_fields(view, e);
  if (alert != nullptr && settings_.report.drop_alerts) e.signature = alert->signature;
  e.verdict = verdict;
  publish(std::move(e));
}

// Judges the data of one side without a packet of that side: a packet without bytes stands for it.
void Worker::look_at_stream(flow::Flow& flow, stream::TcpSession& session, Direction direction, bool flow_ends) {
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
  work.flow_ends = flow_ends;
  work.was_established = true;  // data that was taken into a stream belongs to a connection
  inspect(work);
}

void Worker::on_flow_end(flow::Flow& flow, flow::FlowEndReason reason) {
  if (finishing_) return;
  // The tie keeps flow ends in the order of the flows' beginnings, whichever worker had them.
  const std::uint64_t tie = std::exchange(order_.tie, flow.first_packet);
  const io::RawPacket* raw = std::exchange(raw_, nullptr);  // the packet in hand is another flow's
  if (order_.phase == 2) gate_.advance(index_, kEndOfInput + flow.first_packet);
  auto* session = static_cast<stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr && flow.action == flow::FlowAction::kNone) {
    tcp_->flush(flow);
    for (const Direction direction : {Direction::kToServer, Direction::kToClient}) {
      look_at_stream(flow, *session, direction, true);
    }
  }
  if (settings_.report.flow_events) report_flow(flow, reason);
  for (const auto& inspector : inspectors_) inspector->on_flow_end(flow);
  cut_flows_.erase(flow.id);
  order_.tie = tie;
  raw_ = raw;
}

void Worker::report_flow(const flow::Flow& flow, flow::FlowEndReason reason) {
  event::FlowEvent e;
  e.header.time = now_;
  e.header.flow_id = flow.id;
  e.header.tuple = flow.client;
  e.header.has_tuple = true;
  e.header.has_ports = has_ports(flow.client.protocol);
  e.header.vlan_count = flow.vlan_count;
  e.header.vlan_id = flow.vlan_id;
  e.header.interface_index = flow.interface_index;
  if (is_icmp(flow.client.protocol)) {
    e.header.has_icmp = true;
    e.header.icmp_type = flow.icmp_type[0];
    e.header.icmp_code = flow.icmp_code[0];
    e.header.has_response_icmp = flow.seen_to_client;
    e.header.response_icmp_type = flow.icmp_type[1];
    e.header.response_icmp_code = flow.icmp_code[1];
  }
  if (flow.esp_spi != 0) {
    e.header.esp_spi = flow.esp_spi;
    e.header.has_esp_spi = true;
  }
  e.summary = summary_of(flow);
  e.last = flow.last;
  e.state = name_of(flow.state);
  e.reason = name_of(reason);
  e.alerted = flow.alerted;
  e.action = flow.action == flow::FlowAction::kDrop ? "drop" : flow.action == flow::FlowAction::kPass ? "pass" : "";
  const auto& to_server = flow.counts[0];
  const auto& to_client = flow.counts[1];
  e.min_ttl_to_server = to_server.min_ttl;
  e.max_ttl_to_server = to_server.max_ttl;
  e.min_ttl_to_client = to_client.min_ttl;
  e.max_ttl_to_client = to_client.max_ttl;
  if (flow.client.protocol == ip_proto::kTcp) {
    e.is_tcp = true;
    e.tcp_flags_to_server = to_server.tcp_flags;
    e.tcp_flags_to_client = to_client.tcp_flags;
    const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
    if (session != nullptr) {
      e.tcp_state = flow::name_of(session->state());
      e.max_regions_to_server = session->max_regions(Direction::kToServer);
      e.max_regions_to_client = session->max_regions(Direction::kToClient);
    }
  }
  e.metadata = metadata_of(flow);
  publish(std::move(e));
}

void Worker::publish(event::Event&& event) {
  event::EventHeader& header = *event::header_of(event);
  header.order = order_;
  ++order_.sequence;
  publisher_.publish(std::move(event));
}

void Worker::on_data(flow::Flow& flow, Direction direction, std::uint64_t offset, ByteSpan data) {
  for (const auto& inspector : inspectors_) inspector->on_data(flow, direction, offset, data);
}

// What lies before the gap is gone afterwards: it is judged now.
void Worker::on_gap(flow::Flow& flow, Direction direction, std::uint64_t offset, std::uint64_t length) {
  auto* session = static_cast<stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr && flow.action == flow::FlowAction::kNone) look_at_stream(flow, *session, direction, false);
  for (const auto& inspector : inspectors_) inspector->on_gap(flow, direction, offset, length);
}

void Worker::on_rewind(flow::Flow& flow, Direction direction, std::uint64_t offset) {
  for (const auto& inspector : inspectors_) inspector->on_rewind(flow, direction, offset);
}

}  // namespace bulkhead::pipeline
