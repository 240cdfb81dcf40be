// The events of a worker: what stands in an alert, drop, anomaly or flow record.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include "datapath/base/big_endian.h"
#include "datapath/decode/checksum.h"
#include "datapath/flow/flow_names.h"
#include "datapath/pipeline/drop_fields.h"
#include "datapath/pipeline/packet_work.h"
#include "datapath/stream/stream_record.h"

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
    case TunnelKind::kErspan: return PacketSourceName::kGreTunnel;
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

// The packet of the wire that brought it.
const PacketView& outermost(const PacketView& view) {
  const PacketView* at = &view;
  while (true) {
    const PacketView* next = at->last_fragment != nullptr ? at->last_fragment : at->outer;
    if (next == nullptr) return *at;
    at = next;
  }
}

event::FlowSummary summary_of(const flow::Flow& flow) {
  const auto& to_server = flow.counts[index_of(Direction::kToServer)];
  const auto& to_client = flow.counts[index_of(Direction::kToClient)];
  return {to_server.packets, to_client.packets, to_server.bytes, to_client.bytes, flow.start, flow.client};
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

void set_flow(const flow::Flow& flow, event::EventHeader& header) {
  header.flow_id = flow.id;
  if (const app::AppFlow* application = app::app_flow(flow)) header.parent_id = application->parent;
}

}  // namespace

void Worker::report_anomalies(const PacketWork& work) {
  const auto report = [&](std::string_view type, std::string name) {
    event::AnomalyEvent e;
    if (work.flow != nullptr) e.metadata = metadata_of(*work.flow);
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

void Worker::report_stream(const PacketWork& work) {
  const ReportSettings& wanted = settings_.report;
  const stream::StreamUpdate& update = work.stream;
  if (!work.has_stream || update.session == nullptr) return;
  const bool moved = update.state_before != update.session->state();
  if (!wanted.stream_all && !(wanted.stream_events && !update.events.empty()) && !(wanted.stream_states && moved) &&
      !(wanted.stream_retransmissions && update.spurious)) {
    return;
  }
  event::AppEvent e;
  e.header = header_for(work);
  e.type = "stream_tcp";
  e.fields.emplace_back("direction", work.direction == Direction::kToServer ? "\"to_server\"" : "\"to_client\"");
  e.fields.emplace_back("stream_tcp", stream::stream_record(*work.view, *update.session, update));
  publish(std::move(e));
}

event::EventHeader Worker::header_for(const PacketWork& work) const {
  const PacketView& view = *work.view;
  event::EventHeader h;
  h.time = view.raw != nullptr ? view.raw->time : now_;
  if (work.flow != nullptr) set_flow(*work.flow, h);
  // A datagram of several packets has no number of its own, nor has a packet in a tunnel.
  const bool numbered = view.raw != nullptr && view.origin == PacketOrigin::kWire;
  if (numbered && settings_.report.include_packet_number) h.packet_number = view.raw->number;
  if (view.raw != nullptr) h.interface_index = view.raw->interface_index;
  if (view.is_ip()) {
    h.tuple = view.tuple();
    h.has_tuple = true;
    h.has_ports = has_ports(view.protocol);  // of a fragment: 0
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

namespace {

void put_checksum(Byte* at, std::uint16_t in_memory_order) {
  std::memcpy(at, &in_memory_order, sizeof in_memory_order);
}

// The packet that stands for data that a flow left behind: IP and TCP headers and nothing else.
std::string stand_in(const PacketView& view, const stream::TcpSession& session, Direction direction) {
  constexpr std::size_t kIpv4 = 20, kIpv6 = 40, kTcp = 20;
  const bool v6 = view.family == IpFamily::kV6;
  std::array<Byte, kIpv6 + kTcp> bytes{};
  Byte* const ip = bytes.data();
  Byte* const tcp = ip + (v6 ? kIpv6 : kIpv4);
  const auto source = view.source.bytes();
  const auto destination = view.destination.bytes();
  if (v6) {
    ip[0] = 0x60;
    store_be16(ip + 4, kTcp);
    ip[6] = ip_proto::kTcp;
    ip[7] = 64;
    std::copy(source.begin(), source.end(), ip + 8);
    std::copy(destination.begin(), destination.end(), ip + 24);
  } else {
    ip[0] = 0x45;
    store_be16(ip + 2, kIpv4 + kTcp);
    ip[8] = 64;
    ip[9] = ip_proto::kTcp;
    std::copy_n(source.begin(), 4, ip + 12);
    std::copy_n(destination.begin(), 4, ip + 16);
    put_checksum(ip + 10, decode::internet_checksum({ip, kIpv4}));
  }
  store_be16(tcp, view.source_port);
  store_be16(tcp + 2, view.destination_port);
  store_be32(tcp + 4, session.next_seq(direction));
  tcp[12] = kTcp / 4 << 4;
  store_be16(tcp + 14, 2560);  // as the reference does; no flags
  put_checksum(tcp + 16, decode::transport_checksum(view.source, view.destination, ip_proto::kTcp, {tcp, kTcp}));
  const auto size = static_cast<std::size_t>(tcp + kTcp - ip);
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

// A reassembled datagram is shown behind the link header of its last fragment.
void Worker::show_packet(const PacketView& view, std::string& packet, std::uint16_t& link_type) {
  if (view.raw == nullptr) return;
  const PacketView& link = view.last_fragment != nullptr ? *view.last_fragment : view;
  const bool from_wire = link.origin == PacketOrigin::kWire;
  if (view.last_fragment != nullptr) {
    packet = text_of(link.frame.first(static_cast<std::size_t>(link.ip_header - link.frame.data())), kNoLimit);
  }
  packet += text_of(view.frame, kNoLimit);
  link_type = from_wire ? static_cast<std::uint16_t>(view.raw->link_type) : kRawIp;
}

void Worker::note_macs(const PacketWork& work) {
  if (!settings_.report.ethernet || work.view->ethernet == nullptr) return;
  if (work.flow->macs == nullptr) work.flow->macs = std::make_unique<flow::FlowMacs>();
  flow::FlowMacs& macs = *work.flow->macs;
  const bool to_server = work.direction == Direction::kToServer;
  (to_server ? macs.client : macs.server).add(MacAddress::from(work.view->ethernet + 6));
  (to_server ? macs.server : macs.client).add(MacAddress::from(work.view->ethernet));
  const auto raise = [](Counter& most, std::size_t size) {
    if (size > most.value()) most.set(size);
  };
  raise(counters_.most_client_macs, macs.client.size());
  raise(counters_.most_server_macs, macs.server.size());
}

// What the rule looked at; with a gap, everything that is still there and the gaps between.
std::string Worker::stream_payload(const PacketWork& work, const Alert& alert) const {
  const stream::StreamSide& side = work.stream.session->side(work.direction);
  const std::size_t limit = settings_.report.payload_limit;
  const ByteSpan window = side.window();
  const auto gap = gaps_.find(work.flow->id);
  if (gap != gaps_.end() && !gap->second.text[index_of(work.direction)].empty()) {
    const std::string& before = gap->second.text[index_of(work.direction)];
    return before + text_of(window, limit - before.size());
  }
  const std::uint64_t begin = std::max(alert.stream_begin, side.window_begin());
  const std::uint64_t end = std::min(std::max(alert.stream_end, begin), side.window_begin() + window.size());
  return begin < end ? text_of(window.subspan(begin - side.window_begin(), end - begin), limit) : std::string();
}

void Worker::report_alert(const PacketWork& work, const Alert& alert, const event::VerdictInfo& verdict) {
  const PacketView& view = *work.view;
  const ReportSettings& report = settings_.report;
  event::AlertEvent e;
  e.header = header_for(work);
  e.signature = alert.signature;
  e.blocked = acts_as_drop(alert) && (settings_.inline_mode || alert.action == RuleAction::kReject);
  e.direction = work.direction;
  e.on_stream = alert.on_stream;
  e.tx_id = alert.tx_id;
  e.verdict = verdict;
  e.target_is_source = alert.target;
  e.packet_length = view.raw != nullptr ? view.raw->wire_length : 0;
  if (work.flow != nullptr) {
    e.has_flow = true;
    e.flow = summary_of(*work.flow);
    add_app_names(*work.flow, e.header);
    if (!e.tx_id) guess_transaction(work, alert, e);
    if (e.tx_id) add_app_fields(*work.flow, *e.tx_id, work.direction, e.app_fields);
    name_client_of_alert(work, alert, e);
    if (report.alert_metadata) e.metadata = metadata_of(*work.flow);
  }
  if (report.alert_payload) {
    e.has_payload = true;
    if (alert.on_stream && work.stream.session != nullptr) {
      e.payload = stream_payload(work, alert);
    } else {
      e.payload = text_of(view.payload, report.payload_limit);
    }
  }
  if (report.alert_packet) {
    if (view.raw == nullptr && work.stream.session != nullptr) {
      e.packet = stand_in(view, *work.stream.session, work.direction);
    } else {
      show_packet(view, e.packet, e.link_type);
    }
  }
  if (const PacketView& outer = outermost(view); &outer != &view) {
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

event::DropEvent Worker::drop_event(const PacketWork& work) const {
  event::DropEvent e;
  e.header = header_for(work);
  e.reason = names_of(work.drop).event;
  e.direction = work.direction;
  fill_packet_fields(*work.view, e);
  e.signature = work.drop_signature;
  e.verdict = work.verdict;
  return e;
}

void Worker::report_flow(const flow::Flow& flow, flow::FlowEndReason reason,
                         std::optional<event::KernelShare> in_kernel) {
  event::FlowEvent e;
  e.in_kernel = in_kernel;
  e.header.time = now_;
  set_flow(flow, e.header);
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
  add_app_names(flow, e.header);
  e.summary = summary_of(flow);
  if (flow.macs != nullptr) {
    e.client_macs.assign(flow.macs->client.begin(), flow.macs->client.end());
    e.server_macs.assign(flow.macs->server.begin(), flow.macs->server.end());
  }
  e.last = flow.last;
  e.state = flow::name_of(flow.state);
  e.reason = flow::name_of(reason);
  e.alerted = flow.alerted;
  e.action = flow::name_of(flow.action);
  for (std::size_t i = 0; i < kExceptionCount; ++i) {
    const auto exception = static_cast<Exception>(i);
    if ((flow.exceptions >> i & 1U) == 0) continue;
    e.exceptions.emplace_back(names_of(exception).record, name_of(settings_.exceptions.of(exception)));
  }
  const auto& to_server = flow.counts[0];
  const auto& to_client = flow.counts[1];
  e.min_ttl_to_server = to_server.min_ttl;
  e.max_ttl_to_server = to_server.max_ttl;
  e.min_ttl_to_client = to_client.min_ttl;
  e.max_ttl_to_client = to_client.max_ttl;
  if (flow.client.protocol == ip_proto::kTcp) {
    e.is_tcp = true;
    const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
    if (session != nullptr) {
      e.tcp_flags_to_server = to_server.tcp_flags;
      e.tcp_flags_to_client = to_client.tcp_flags;
      e.tcp_state = flow::name_of(session->state());
      e.max_regions_to_server = session->max_regions(Direction::kToServer);
      e.max_regions_to_client = session->max_regions(Direction::kToClient);
      e.gap_to_server = session->side(Direction::kToServer).had_gap();
      e.gap_to_client = session->side(Direction::kToClient).had_gap();
    }
  }
  e.metadata = metadata_of(flow);
  publish(std::move(e));
}

}  // namespace bulkhead::pipeline
