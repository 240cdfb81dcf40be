// The events of a worker: what stands in an alert, drop, anomaly or flow record.
#include <algorithm>
#include <limits>
#include <string>

#include "datapath/pipeline/drop_fields.h"
#include "datapath/pipeline/packet_work.h"

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

void Worker::report_anomalies(const PacketWork& work) {
  const auto metadata = work.flow != nullptr ? metadata_of(*work.flow) : nullptr;
  const auto report = [&](std::string_view type, std::string name) {
    event::AnomalyEvent e;
    e.metadata = metadata;
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
  // A datagram of several packets has no number of its own.
  const bool numbered = view.raw != nullptr && view.origin != PacketOrigin::kDefragment;
  if (numbered && settings_.report.include_packet_number) h.packet_number = view.raw->number;
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
    add_app_names(*work.flow, e.header);
    if (!e.tx_id) {
      e.tx_id = guess_transaction(*work.flow, work.direction, alert.on_stream);
      e.tx_guessed = e.tx_id.has_value();
    }
    if (e.tx_id) add_app_fields(*work.flow, *e.tx_id, e.app_fields);
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
  if (report.alert_packet) show_packet(view, e.packet, e.link_type);
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

void Worker::report_drop(const PacketWork& work) {
  event::DropEvent e;
  e.header = header_for(work);
  if (work.flow != nullptr) add_app_names(*work.flow, e.header);
  e.reason = names_of(work.drop).event;
  e.direction = work.direction;
  fill_packet_fields(*work.view, e);
  e.signature = work.drop_signature;
  e.verdict = work.verdict;
  publish(std::move(e));
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
  add_app_names(flow, e.header);
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
    const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
    if (session != nullptr) {
      e.tcp_flags_to_server = to_server.tcp_flags;
      e.tcp_flags_to_client = to_client.tcp_flags;
      e.tcp_state = flow::name_of(session->state());
      e.max_regions_to_server = session->max_regions(Direction::kToServer);
      e.max_regions_to_client = session->max_regions(Direction::kToClient);
    }
  }
  e.metadata = metadata_of(flow);
  publish(std::move(e));
}

}  // namespace bulkhead::pipeline
