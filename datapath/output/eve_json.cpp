#include "datapath/output/eve_json.h"

#include <net/if.h>

#include <algorithm>

#include "datapath/base/interface_index.h"
#include "datapath/base/text_encoding.h"
#include "datapath/output/protocol_names.h"

namespace bulkhead::output {

namespace {

constexpr std::string_view kTrafficId = "traffic/id/";
constexpr std::string_view kTrafficLabel = "traffic/label/";

bool is_traffic(std::string_view flowbit) {
  return flowbit.starts_with(kTrafficId) || flowbit.starts_with(kTrafficLabel);
}

std::string_view name_of(Direction direction) {
  return direction == Direction::kToServer ? "to_server" : "to_client";
}

std::string_view name_of(event::PacketFate fate) {
  switch (fate) {
    case event::PacketFate::kAlert: return "alert";
    case event::PacketFate::kPass: return "pass";
    case event::PacketFate::kDrop: return "drop";
  }
  return "alert";
}

std::string_view name_of(event::RejectTarget target) {
  switch (target) {
    case event::RejectTarget::kToServer: return "to_server";
    case event::RejectTarget::kToClient: return "to_client";
    case event::RejectTarget::kNone:
    case event::RejectTarget::kBoth: return "both";
  }
  return "both";
}

FlowTuple reversed(FlowTuple tuple) {
  std::swap(tuple.source, tuple.destination);
  std::swap(tuple.source_port, tuple.destination_port);
  return tuple;
}

std::uint64_t seconds_between(Timestamp first, Timestamp last) {
  return last > first ? static_cast<std::uint64_t>(last.seconds() - first.seconds()) : 0;
}

// Fields of a MAC address, twelve digits and five colons.
struct MacText {
  char text[17];
  explicit MacText(const MacAddress& mac) {
    static constexpr char kHex[] = "0123456789abcdef";
    char* out = text;
    for (std::size_t i = 0; i < 6; ++i) {
      if (i != 0) *out++ = ':';
      *out++ = kHex[mac.bytes[i] >> 4];
      *out++ = kHex[mac.bytes[i] & 15];
    }
  }
  [[nodiscard]] std::string_view view() const { return {text, sizeof text}; }
};

}  // namespace

EveJson::EveJson(EveSettings settings, WorkloadNames* workloads)
    : settings_(std::move(settings)),
      json_(buffer_),
      community_id_(settings_.community_id_seed),
      workloads_(workloads) {}

std::string_view EveJson::format(const event::Event& event) {
  buffer_.Clear();
  std::visit([this](const auto& body) { write(body); }, event);
  return {buffer_.GetString(), buffer_.GetSize()};
}

// ---- events -------------------------------------------------------------------------------------------

void EveJson::write(const event::AlertEvent& e) {
  if (!settings_.alert.enabled || !e.signature) return;
  begin(e.header, "alert");
  ether(e.header);
  community_id(e.header);
  if (settings_.metadata) flow_metadata(e.metadata.get());
  if (e.tx_id) field("tx_id", *e.tx_id);
  if (e.tx_guessed) flag("tx_guessed", true);
  alert_object(*e.signature, e.blocked, e.header, e.target_is_source, e.forwarded_for);
  if (e.tunnel) tunnel(*e.tunnel);
  for (const auto& [name, json] : e.app_fields) raw_field(name, json);
  app_protocol(e.header);
  if (e.has_flow) {
    field("direction", name_of(e.direction));
    if (settings_.alert.flow) flow_so_far(e.flow, e.header.has_ports);
  }
  payload(e);
  if (settings_.alert.packet && !e.packet.empty()) packet(e.packet, e.link_type);
  if (settings_.alert.verdict && e.verdict) verdict(*e.verdict);
  end();
}

void EveJson::write(const event::FlowEvent& e) {
  if (settings_.flow) write_flow(e);
  if (!settings_.netflow) return;
  write_netflow(e, Direction::kToServer);
  if (e.summary.packets_to_client != 0) write_netflow(e, Direction::kToClient);
}

void EveJson::write_flow(const event::FlowEvent& e) {
  begin(e.header, "flow");
  app_protocol(e.header);
  key("flow");
  json_.StartObject();
  field("pkts_toserver", e.summary.packets_to_server);
  field("pkts_toclient", e.summary.packets_to_client);
  field("bytes_toserver", e.summary.bytes_to_server);
  field("bytes_toclient", e.summary.bytes_to_client);
  const bool bypassed = e.state == "bypassed";
  if (bypassed) {  // what the kernel counted of it
    const event::KernelShare share = e.in_kernel.value_or(event::KernelShare{});
    key("bypassed");
    json_.StartObject();
    field("pkts_toserver", share.packets[0]);
    field("pkts_toclient", share.packets[1]);
    field("bytes_toserver", share.bytes[0]);
    field("bytes_toclient", share.bytes[1]);
    json_.EndObject();
  }
  time_field("start", e.summary.start);
  time_field("end", e.last);
  field("age", seconds_between(e.summary.start, e.last));
  if (bypassed) field("bypass", e.in_kernel ? "capture" : "local");
  field("state", e.state);
  field("reason", e.reason);
  flag("alerted", e.alerted);
  if (!e.action.empty()) field("action", e.action);
  if (settings_.flow_exception_policy && !e.exceptions.empty()) {
    key("exception_policy");
    json_.StartArray();
    for (const auto& [target, policy] : e.exceptions) {
      json_.StartObject();
      field("target", target);
      field("policy", policy);
      json_.EndObject();
    }
    json_.EndArray();
  }
  json_.EndObject();
  if (settings_.metadata) flow_metadata(e.metadata.get());
  ether_of_flow(e, false);
  community_id(e.header);
  if (e.is_tcp) {
    key("tcp");
    json_.StartObject();
    hex_field("tcp_flags", e.tcp_flags_to_server | e.tcp_flags_to_client);
    hex_field("tcp_flags_ts", e.tcp_flags_to_server);
    hex_field("tcp_flags_tc", e.tcp_flags_to_client);
    tcp_flags(e.tcp_flags_to_server | e.tcp_flags_to_client);
    if (!e.tcp_state.empty()) {
      field("state", e.tcp_state);
      field("ts_max_regions", e.max_regions_to_server);
      field("tc_max_regions", e.max_regions_to_client);
      if (e.gap_to_server) flag("ts_gap", true);
      if (e.gap_to_client) flag("tc_gap", true);
    }
    json_.EndObject();
  }
  end();
}

void EveJson::write_netflow(const event::FlowEvent& e, Direction direction) {
  const bool to_server = direction == Direction::kToServer;
  event::EventHeader header = e.header;
  if (!to_server) header.tuple = reversed(header.tuple);
  begin(header, "netflow");
  if (header.app_protocol.empty()) header.app_protocol = "unknown";
  app_protocol(header);
  key("netflow");
  json_.StartObject();
  field("pkts", to_server ? e.summary.packets_to_server : e.summary.packets_to_client);
  field("bytes", to_server ? e.summary.bytes_to_server : e.summary.bytes_to_client);
  time_field("start", e.summary.start);
  time_field("end", e.last);
  field("age", seconds_between(e.summary.start, e.last));
  field("min_ttl", to_server ? e.min_ttl_to_server : e.min_ttl_to_client);
  field("max_ttl", to_server ? e.max_ttl_to_server : e.max_ttl_to_client);
  json_.EndObject();
  if (settings_.metadata) flow_metadata(e.metadata.get());
  ether_of_flow(e, !to_server);
  community_id(header);
  if (e.is_tcp) {
    const std::uint8_t flags = to_server ? e.tcp_flags_to_server : e.tcp_flags_to_client;
    key("tcp");
    json_.StartObject();
    hex_field("tcp_flags", flags);
    tcp_flags(flags);
    json_.EndObject();
  }
  end();
}

namespace {
// By a rule of a policy, or by the guard of a port.
bool is_segmentation(const event::DropEvent& e) {
  return e.reason == "policy" || e.reason == "guard";
}
}  // namespace

void EveJson::write(const event::DropEvent& e) {
  if (!settings_.drop.enabled && !(settings_.drop.policy && is_segmentation(e))) return;
  begin(e.header, "drop");
  ether(e.header);
  community_id(e.header);
  if (e.header.flow_id != 0) field("direction", name_of(e.direction));
  drop_object(e);
  if (settings_.drop.verdict && e.verdict) verdict(*e.verdict);
  if (settings_.drop.alerts && e.signature) alert_object(*e.signature, e.signature_blocked, e.header, 0);
  end();
}

void EveJson::write(const event::AnomalyEvent& e) {
  const EveAnomalySettings& s = settings_.anomaly;
  const bool wanted = e.type == "decode" ? s.decode : e.type == "stream" ? s.stream : s.applayer;
  if (!s.enabled || !wanted) return;
  begin(e.header, "anomaly");
  ether(e.header);
  community_id(e.header);
  if (settings_.metadata) flow_metadata(e.metadata.get());
  if (e.tx_id) field("tx_id", *e.tx_id);
  key("anomaly");
  json_.StartObject();
  if (!e.header.app_protocol.empty() && e.type == "applayer") field("app_proto", e.header.app_protocol);
  field("type", e.type);
  field("event", e.name);
  if (!e.layer.empty()) field("layer", e.layer);
  json_.EndObject();
  if (!e.packet.empty()) packet(e.packet, e.link_type);
  end();
}

void EveJson::write(const event::AppEvent& e) {
  begin(e.header, e.type);
  ether(e.header);
  community_id(e.header);
  if (settings_.metadata) flow_metadata(e.metadata.get());
  if (e.tx_id) field("tx_id", *e.tx_id);
  if (!e.forwarded_for.empty()) field("xff", e.forwarded_for);
  bool named = !e.with_app_protocol;
  for (const auto& [name, json] : e.fields) {
    if (!named && name == "fileinfo") {
      field("app_proto", e.header.app_protocol);
      named = true;
    }
    raw_field(name, json);
  }
  end();
}

void EveJson::write(const event::PacketEvent& e) {
  if (!settings_.alert.enabled || !settings_.alert.tagged_packets) return;
  begin(e.header, "packet");
  ether(e.header);
  community_id(e.header);
  packet(e.packet, e.link_type);
  end();
}

void EveJson::write(const event::BlockEvent& e) {
  if (!settings_.block) return;
  begin(e.header, "block");
  key("block");
  json_.StartObject();
  field("action", e.action);
  field("kind", e.kind);
  if (!e.reason.empty()) field("reason", e.reason);
  if (e.sid != 0) field("signature_id", e.sid);
  field("ttl", static_cast<std::uint64_t>(std::max<std::int64_t>(0, e.ttl.count())));
  if (e.latency.count() > 0) field("latency_us", static_cast<std::uint64_t>(e.latency.count() / 1000));
  if (!e.error.empty()) field("error", e.error);
  json_.EndObject();
  end();
}

void EveJson::write(const event::StatsEvent& e) {
  if (!settings_.stats) return;
  begin(e.header, "stats");
  key("stats");
  json_.StartObject();
  field("uptime", static_cast<std::uint64_t>(std::max<std::int64_t>(0, e.uptime.count()) / 1'000'000'000));
  if (settings_.stats_totals) counters(e.counters, {});
  if (settings_.stats_threads && !e.threads.empty()) {
    key("threads");
    json_.StartObject();
    for (const auto& [name, list] : e.threads) {
      key(name);
      json_.StartObject();
      counters(list, name);
      json_.EndObject();
    }
    json_.EndObject();
  }
  json_.EndObject();
  end();
}

// ---- parts --------------------------------------------------------------------------------------------

void EveJson::begin(const event::EventHeader& header, std::string_view type) {
  json_.Reset(buffer_);
  json_.StartObject();
  source_ = header.has_tuple ? header.tuple.source : IpAddress();
  destination_ = header.has_tuple ? header.tuple.destination : IpAddress();
  time_field("timestamp", header.time);
  if (header.flow_id != 0) field("flow_id", header.flow_id);
  if (header.parent_id != 0) field("parent_id", header.parent_id);
  if (header.interface_index != 0) field("in_iface", interface_name(header.interface_index));
  if (header.packet_number != 0) field("pcap_cnt", header.packet_number);
  field("event_type", type);
  if (header.vlan_count != 0) {
    key("vlan");
    json_.StartArray();
    for (std::size_t i = 0; i < header.vlan_count && i < header.vlan_id.size(); ++i) json_.Uint(header.vlan_id[i]);
    json_.EndArray();
  }
  if (header.has_tuple) tuple_fields(header.tuple, header.has_ports);
  if (header.has_icmp) {
    field("icmp_type", header.icmp_type);
    field("icmp_code", header.icmp_code);
  }
  if (header.has_response_icmp) {
    field("response_icmp_type", header.response_icmp_type);
    field("response_icmp_code", header.response_icmp_code);
  }
  if (header.has_esp_spi) field("spi", header.esp_spi);
  if (header.has_packet_source) field("pkt_src", event::name_of(header.packet_source));
}

void EveJson::end() {
  if (workloads_ != nullptr && source_.is_set()) workloads();
  if (settings_.pcap_file) field("pcap_filename", settings_.pcap_file_name);
  json_.EndObject();
  buffer_.Put('\n');
}

void EveJson::workloads() {
  // The text of one address is valid until the next is asked for.
  bool open = false;
  for (const auto& [name, address] : {std::pair("source", &source_), std::pair("destination", &destination_)}) {
    const std::string_view json = workloads_->json_of(*address);
    if (json.empty()) continue;
    if (!open) {
      key("workload");
      json_.StartObject();
      open = true;
    }
    raw_field(name, json);
  }
  if (open) json_.EndObject();
}

void EveJson::app_protocol(const event::EventHeader& header) {
  if (header.app_protocol.empty()) return;
  field("app_proto", header.app_protocol);
  if (!header.app_protocol_to_server.empty()) field("app_proto_ts", header.app_protocol_to_server);
  if (!header.app_protocol_to_client.empty()) field("app_proto_tc", header.app_protocol_to_client);
  if (!header.app_protocol_original.empty()) field("app_proto_orig", header.app_protocol_original);
}

void EveJson::tuple_fields(const FlowTuple& tuple, bool ports) {
  address_field("src_ip", tuple.source);
  if (ports) field("src_port", tuple.source_port);
  address_field("dest_ip", tuple.destination);
  if (ports) field("dest_port", tuple.destination_port);
  NumberText number;
  field("proto", protocol_name(tuple.protocol, number));
}

void EveJson::ether(const event::EventHeader& header) {
  if (!settings_.ethernet || !header.ether) return;
  key("ether");
  json_.StartObject();
  field("src_mac", MacText(header.ether->first).view());
  field("dest_mac", MacText(header.ether->second).view());
  json_.EndObject();
}

void EveJson::ether_of_flow(const event::FlowEvent& e, bool swapped) {
  if (!settings_.ethernet || e.client_macs.empty()) return;
  const auto list = [&](std::string_view name, const std::vector<MacAddress>& macs) {
    key(name);
    json_.StartArray();
    for (const MacAddress& mac : macs) ascii(MacText(mac).view());
    json_.EndArray();
  };
  key("ether");
  json_.StartObject();
  list("dest_macs", swapped ? e.client_macs : e.server_macs);
  list("src_macs", swapped ? e.server_macs : e.client_macs);
  json_.EndObject();
}

void EveJson::community_id(const event::EventHeader& header) {
  if (!settings_.community_id || !header.has_tuple || header.flow_id == 0) return;
  field("community_id", community_id_.of(header.tuple, header.icmp_type, header.icmp_code));
}

void EveJson::flow_metadata(const event::FlowMetadata* metadata) {
  if (metadata == nullptr) return;
  const event::FlowMetadata& m = *metadata;
  traffic(m);
  const bool plain_bits =
      !std::all_of(m.flowbits.begin(), m.flowbits.end(), [](const auto& b) { return is_traffic(b); });
  const bool vars = !m.flowvars.empty() || !m.keyed_flowvars.empty();
  if (!plain_bits && !vars && m.flowints.empty()) return;
  key("metadata");
  json_.StartObject();
  if (plain_bits) {
    key("flowbits");
    json_.StartArray();
    for (const std::string& bit : m.flowbits) {
      if (!is_traffic(bit)) text(bit);
    }
    json_.EndArray();
  }
  if (!m.flowints.empty()) {
    key("flowints");
    json_.StartObject();
    for (const auto& [name, value] : m.flowints) {
      text(name);
      json_.Int64(value);
    }
    json_.EndObject();
  }
  if (vars) {
    key("flowvars");
    json_.StartArray();
    for (const auto& [name, value] : m.flowvars) {
      json_.StartObject();
      text(name);
      text(value);
      json_.EndObject();
    }
    for (const auto& [name, value] : m.keyed_flowvars) {
      json_.StartObject();
      field("key", name);
      field("value", value);
      json_.EndObject();
    }
    json_.EndArray();
  }
  json_.EndObject();
}

// Flowbits named traffic/id/<x> and traffic/label/<x> say what the traffic is.
void EveJson::traffic(const event::FlowMetadata& metadata) {
  const auto list = [&](std::string_view prefix, std::string_view name) {
    bool any = false;
    for (const std::string& bit : metadata.flowbits) {
      if (!bit.starts_with(prefix)) continue;
      if (!any) {
        key(name);
        json_.StartArray();
        any = true;
      }
      text(std::string_view(bit).substr(prefix.size()));
    }
    if (any) json_.EndArray();
  };
  if (std::none_of(metadata.flowbits.begin(), metadata.flowbits.end(), [](const auto& b) { return is_traffic(b); })) {
    return;
  }
  key("traffic");
  json_.StartObject();
  list(kTrafficId, "id");
  list(kTrafficLabel, "label");
  json_.EndObject();
}

void EveJson::alert_object(const event::SignatureInfo& signature, bool blocked, const event::EventHeader& header,
                           std::uint8_t target, std::string_view forwarded_for) {
  key("alert");
  json_.StartObject();
  field("action", blocked ? "blocked" : "allowed");
  field("gid", signature.gid);
  field("signature_id", signature.sid);
  field("rev", signature.rev);
  field("signature", signature.message);
  field("category", signature.category);
  field("severity", signature.severity);
  if (target != 0 && header.has_tuple) {
    const FlowTuple attack = target == 1 ? reversed(header.tuple) : header.tuple;  // from source to target
    const auto end_of = [&](std::string_view name, const IpAddress& address, std::uint16_t port) {
      key(name);
      json_.StartObject();
      address_field("ip", address);
      if (header.has_ports) field("port", port);
      json_.EndObject();
    };
    end_of("source", attack.source, attack.source_port);
    end_of("target", attack.destination, attack.destination_port);
  }
  if (settings_.alert.references && !signature.references.empty()) {
    key("references");
    json_.StartArray();
    for (const std::string_view reference : signature.references) text(reference);
    json_.EndArray();
  }
  if (settings_.alert.rule_metadata) rule_metadata(signature);
  if (settings_.alert.rule_raw && !signature.text.empty()) field("rule", signature.text);
  if (!forwarded_for.empty()) field("xff", forwarded_for);
  json_.EndObject();
}

// Values of one key stand together, in the order of the rule; keys are sorted.
void EveJson::rule_metadata(const event::SignatureInfo& signature) {
  if (signature.metadata.empty()) return;
  metadata_.assign(signature.metadata.begin(), signature.metadata.end());
  for (std::size_t i = 1; i < metadata_.size(); ++i) {  // a stable insertion sort: few, and allocates nothing
    for (std::size_t j = i; j > 0 && metadata_[j].first < metadata_[j - 1].first; --j) {
      std::swap(metadata_[j], metadata_[j - 1]);
    }
  }
  key("metadata");
  json_.StartObject();
  for (std::size_t i = 0; i < metadata_.size();) {
    const std::string_view name = metadata_[i].first;
    text(name);
    json_.StartArray();
    for (; i < metadata_.size() && metadata_[i].first == name; ++i) text(metadata_[i].second);
    json_.EndArray();
  }
  json_.EndObject();
}

void EveJson::tunnel(const event::TunnelInfo& tunnel) {
  key("tunnel");
  json_.StartObject();
  address_field("src_ip", tunnel.source);
  field("src_port", tunnel.source_port);
  address_field("dest_ip", tunnel.destination);
  field("dest_port", tunnel.destination_port);
  NumberText number;
  field("proto", protocol_name(tunnel.protocol, number));
  field("depth", tunnel.depth);
  if (tunnel.packet_number != 0) field("pcap_cnt", tunnel.packet_number);
  field("pkt_src", event::name_of(tunnel.packet_source));
  json_.EndObject();
}

void EveJson::flow_so_far(const event::FlowSummary& flow, bool ports) {
  key("flow");
  json_.StartObject();
  field("pkts_toserver", flow.packets_to_server);
  field("pkts_toclient", flow.packets_to_client);
  field("bytes_toserver", flow.bytes_to_server);
  field("bytes_toclient", flow.bytes_to_client);
  time_field("start", flow.start);
  address_field("src_ip", flow.client.source);
  address_field("dest_ip", flow.client.destination);
  if (ports) {
    field("src_port", flow.client.source_port);
    field("dest_port", flow.client.destination_port);
  }
  json_.EndObject();
}

void EveJson::payload(const event::AlertEvent& e) {
  if (!settings_.alert.payload && !settings_.alert.payload_printable) return;
  std::string_view bytes = e.payload;
  if (e.on_stream) bytes = bytes.substr(0, settings_.alert.payload_buffer_size);
  if (settings_.alert.payload && !bytes.empty()) {
    key("payload");
    base64(bytes);
  }
  if (settings_.alert.payload_printable) {
    scratch_.clear();
    append_printable(scratch_, bytes);
    key("payload_printable");
    ascii(scratch_);
  }
  field("stream", std::uint64_t{e.on_stream});
}

void EveJson::packet(std::string_view bytes, std::uint16_t link_type) {
  key("packet");
  base64(bytes);
  key("packet_info");
  json_.StartObject();
  field("linktype", link_type);
  json_.EndObject();
}

void EveJson::verdict(const event::VerdictInfo& verdict) {
  key("verdict");
  json_.StartObject();
  field("action", name_of(verdict.fate));
  if (verdict.reject != event::RejectTarget::kNone) {
    field("reject-target", name_of(verdict.reject));
    key("reject");
    json_.StartArray();
    ascii(verdict.reject_by_reset ? "tcp-reset" : "icmp-prohib");
    json_.EndArray();
  }
  json_.EndObject();
}

void EveJson::drop_object(const event::DropEvent& e) {
  const bool v6 = e.header.tuple.source.is_v6();
  key("drop");
  json_.StartObject();
  field("len", e.ip_length);
  field(v6 ? "tc" : "tos", e.tos);
  field(v6 ? "hoplimit" : "ttl", e.ttl);
  field(v6 ? "flowlbl" : "ipid", e.ip_id);
  if (e.is_tcp) {
    field("tcpseq", e.tcp_seq);
    field("tcpack", e.tcp_ack);
    field("tcpwin", e.tcp_window);
    flag("syn", (e.tcp_flags & 0x02) != 0);
    flag("ack", (e.tcp_flags & 0x10) != 0);
    flag("psh", (e.tcp_flags & 0x08) != 0);
    flag("rst", (e.tcp_flags & 0x04) != 0);
    flag("urg", (e.tcp_flags & 0x20) != 0);
    flag("fin", (e.tcp_flags & 0x01) != 0);
    field("tcpres", std::uint64_t{0});
    field("tcpurgp", e.tcp_urgent);
  }
  if (e.is_udp) field("udplen", e.udp_length);
  if (e.is_icmp) {
    field("icmp_id", e.icmp_id);
    field("icmp_seq", e.icmp_sequence);
  }
  if (!e.reason.empty()) field("reason", e.reason);
  if (is_segmentation(e)) policy(e);
  json_.EndObject();
}

void EveJson::policy(const event::DropEvent& e) {
  key("policy");
  json_.StartObject();
  if (!e.policy_rule.empty()) field("rule", e.policy_rule);
  if (!e.policy_file.empty()) field("file", e.policy_file);
  if (e.policy_line != 0) field("line", e.policy_line);
  if (!e.source_workload.empty()) field("from", e.source_workload);
  if (!e.destination_workload.empty()) field("to", e.destination_workload);
  flag("audit", e.audit);
  json_.EndObject();
}

// Only those that are set, as flow records have them.
void EveJson::tcp_flags(std::uint8_t flags) {
  static constexpr std::pair<std::uint8_t, std::string_view> kFlags[] = {{0x02, "syn"}, {0x01, "fin"}, {0x04, "rst"},
                                                                         {0x08, "psh"}, {0x10, "ack"}, {0x20, "urg"},
                                                                         {0x40, "ecn"}, {0x80, "cwr"}};
  for (const auto& [bit, name] : kFlags) {
    if ((flags & bit) != 0) flag(name, true);
  }
}

// "a.b.c" becomes {"a": {"b": {"c": ...}}}. The list is sorted, so names with a common beginning stand
// together; `open` holds how many characters of the last name are opened as objects.
void EveJson::counters(const event::CounterList& list, std::string_view thread) {
  std::string_view open;  // "a.b." while inside of a and b
  std::size_t depth = 0;
  for (const auto& [full, value] : list) {
    const std::string_view name = full;
    while (!name.starts_with(open)) {
      json_.EndObject();
      --depth;
      const std::size_t dot = open.size() < 2 ? std::string_view::npos : open.rfind('.', open.size() - 2);
      open = dot == std::string_view::npos ? std::string_view{} : open.substr(0, dot + 1);
    }
    std::size_t begin = open.size();
    for (std::size_t dot = name.find('.', begin); dot != std::string_view::npos; dot = name.find('.', begin)) {
      text(name.substr(begin, dot - begin));
      json_.StartObject();
      ++depth;
      begin = dot + 1;
    }
    open = name.substr(0, begin);
    counter(name, begin, value, thread);
  }
  while (depth-- != 0) json_.EndObject();
}

// The value and, where wanted, what it grew by since it was written last. A gauge may shrink.
void EveJson::counter(std::string_view full, std::size_t begin, std::uint64_t value, std::string_view thread) {
  text(full.substr(begin));
  json_.Uint64(value);
  if (!settings_.stats_deltas) return;
  std::uint64_t& before = counted_[std::string(thread).append(1, '\n').append(full)];
  scratch_.assign(full.substr(begin)).append("_delta");
  ascii(scratch_);
  json_.Int64(static_cast<std::int64_t>(value - before));
  before = value;
}

// ---- fields -------------------------------------------------------------------------------------------

void EveJson::text(std::string_view value) {
  if (is_utf8(value)) {
    ascii(value);
    return;
  }
  scratch_.clear();
  append_escaped(scratch_, value);
  ascii(scratch_);
}

void EveJson::base64(std::string_view bytes) {
  scratch_.assign(1, '"');
  append_base64(scratch_, bytes);
  scratch_ += '"';
  json_.RawValue(scratch_.data(), scratch_.size(), rapidjson::kStringType);
}

void EveJson::field(std::string_view name, std::uint64_t value) {
  key(name);
  json_.Uint64(value);
}
void EveJson::field(std::string_view name, std::string_view value) {
  key(name);
  text(value);
}
void EveJson::raw_field(std::string_view name, std::string_view json) {
  key(name);
  json_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}
void EveJson::flag(std::string_view name, bool value) {
  key(name);
  json_.Bool(value);
}
void EveJson::time_field(std::string_view name, Timestamp time) {
  char buffer[kIso8601Length];
  write_iso8601(time, buffer);
  key(name);
  ascii({buffer, sizeof buffer});
}
void EveJson::address_field(std::string_view name, const IpAddress& address) {
  key(name);
  ascii(AddressText(address).view());
}
void EveJson::hex_field(std::string_view name, std::uint8_t value) {
  static constexpr char kHex[] = "0123456789abcdef";
  const char digits[] = {kHex[value >> 4], kHex[value & 15]};
  key(name);
  ascii({digits, 2});
}

std::string_view EveJson::interface_name(std::uint32_t index) {
  if (is_port_index(index)) {
    const std::size_t port = index - kFirstPortIndex;
    return port < settings_.port_names.size() ? std::string_view(settings_.port_names[port]) : "unknown";
  }
  for (const auto& [known, name] : interfaces_) {
    if (known == index) return name;
  }
  char name[IF_NAMESIZE] = "";
  if (if_indextoname(index, name) == nullptr) return "unknown";  // gone; ask again next time
  return interfaces_.emplace_back(index, name).second;
}

}  // namespace bulkhead::output
