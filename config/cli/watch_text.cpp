#include "config/cli/watch_text.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "datapath/output/protocol_names.h"

namespace bulkhead::config::cli {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::string protocol_text(std::uint8_t protocol) {
  output::NumberText buffer{};
  return std::string(output::protocol_name(protocol, buffer));
}

bool shows_ports(const FlowTuple& t) {
  return t.source_port != 0 || t.destination_port != 0;
}

std::string end_text(const IpAddress& address, std::uint16_t port, bool ports) {
  if (!address.is_set()) return "any";
  if (!ports) return address.to_string();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return host + ":" + std::to_string(port);
}

std::string tuple_text(const FlowTuple& t) {
  const bool ports = shows_ports(t);
  std::string out = end_text(t.source, t.source_port, ports);
  if (t.destination.is_set()) out += " -> " + end_text(t.destination, t.destination_port, ports);
  if (t.protocol != 0) out += " " + protocol_text(t.protocol);
  return out;
}

// Control characters of rule texts and host names must not reach the terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto b = static_cast<unsigned char>(c);
    out += b < 0x20 || b == 0x7f ? '?' : c;
  }
  return out;
}

std::string alert_text(const output::NetlinkEvent& e, const Terminal& terminal) {
  std::string out = terminal.red("ALERT") + "  " + tuple_text(e.tuple) + "  " +
                    terminal.dim(std::to_string(e.gid) + ":" + std::to_string(e.sid)) + "  " + printable(e.message);
  out +=
      "  [" + (e.category.empty() ? "" : printable(e.category) + ", ") + "severity " + std::to_string(e.severity) + "]";
  return out + (e.blocked ? " " + terminal.red("dropped") : "");
}

std::string block_text(const output::NetlinkEvent& e, const Terminal& terminal) {
  std::string out = terminal.yellow("BLOCK") + "  " + printable(e.block_action) + " " + printable(e.block_kind) + "  " +
                    tuple_text(e.tuple);
  if (e.ttl_seconds != 0) out += "  for " + human_seconds(static_cast<double>(e.ttl_seconds));
  if (e.latency.count() != 0) out += "  after " + human_seconds(static_cast<double>(e.latency.count()) / 1e9);
  if (!e.reason.empty()) out += "  " + printable(e.reason);
  if (e.sid != 0) out += "  " + terminal.dim("sid " + std::to_string(e.sid));
  if (!e.error.empty()) out += "  " + terminal.red(printable(e.error));
  return out;
}

void field(Writer& json, const char* key, const std::string& value) {
  if (value.empty()) return;
  json.Key(key);
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void number(Writer& json, const char* key, std::uint64_t value) {
  json.Key(key);
  json.Uint64(value);
}

}  // namespace

std::string watch_line(const output::NetlinkEvent& e, const Terminal& terminal) {
  const std::string time = to_iso8601(e.time).substr(11, 15);
  return terminal.dim(time) + " " +
         (e.type == output::MessageType::kAlert ? alert_text(e, terminal) : block_text(e, terminal));
}

std::string watch_json(const output::NetlinkEvent& e) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  const bool alert = e.type == output::MessageType::kAlert;
  json.StartObject();
  field(json, "timestamp", to_iso8601(e.time));
  field(json, "event_type", alert ? "alert" : "block");
  number(json, "sequence", e.sequence);
  if (e.flow_id != 0) number(json, "flow_id", e.flow_id);
  if (e.tuple.source.is_set()) field(json, "src_ip", e.tuple.source.to_eve_string());
  if (shows_ports(e.tuple)) number(json, "src_port", e.tuple.source_port);
  if (e.tuple.destination.is_set()) field(json, "dest_ip", e.tuple.destination.to_eve_string());
  if (shows_ports(e.tuple)) number(json, "dest_port", e.tuple.destination_port);
  if (e.tuple.protocol != 0) field(json, "proto", protocol_text(e.tuple.protocol));
  field(json, "app_proto", e.app_protocol);
  if (e.sid != 0) {
    number(json, "gid", e.gid);
    number(json, "sid", e.sid);
    number(json, "rev", e.rev);
  }
  if (alert) {
    field(json, "signature", e.message);
    field(json, "category", e.category);
    number(json, "severity", e.severity);
    json.Key("blocked");
    json.Bool(e.blocked);
  } else {
    field(json, "action", e.block_action);
    field(json, "kind", e.block_kind);
    field(json, "reason", e.reason);
    field(json, "error", e.error);
    number(json, "ttl", e.ttl_seconds);
    number(json, "latency_ns", static_cast<std::uint64_t>(e.latency.count()));
  }
  json.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace bulkhead::config::cli
