// EVE records of DHCP.
#include <string>
#include <string_view>

#include "datapath/app/dhcp/dhcp_transaction.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::app::dhcp {
namespace {

std::string_view op_name(std::uint8_t value) {
  return value == op::kRequest ? "request" : value == op::kReply ? "reply" : "<unknown>";
}

std::string_view type_name(std::uint8_t type) {
  static constexpr std::string_view kNames[] = {"discover", "offer", "request", "decline",
                                                "ack",      "nak",   "release", "inform"};
  return type >= 1 && type <= std::size(kNames) ? kNames[type - 1U] : "unknown";
}

// Of the parameters that clients ask for, those with a name; others are left out.
std::string_view parameter_name(std::uint8_t code) {
  switch (code) {
    case 1: return "subnet_mask";
    case 3: return "router";
    case 6: return "dns_server";
    case 15: return "domain";
    case 35: return "arp_timeout";
    case 42: return "ntp_server";
    case 66: return "tftp_server_name";
    case 150: return "tftp_server_ip";
    default: return {};
  }
}

std::string colon_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    if (!out.empty()) out += ':';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[c & 15];
  }
  return out;
}

void address_field(JsonText& json, std::string_view key, const IpAddress& address) {
  json.field(key, AddressText(address).view());
}

void addresses_field(JsonText& json, std::string_view key, const std::optional<std::vector<IpAddress>>& addresses) {
  if (!addresses) return;
  json.open_array(key);
  for (const IpAddress& address : *addresses) json.element(AddressText(address).view());
  json.close_array();
}

void number_field(JsonText& json, std::string_view key, const std::optional<std::uint32_t>& number) {
  if (number) json.field(key, *number);
}

void extended_fields(JsonText& json, const Message& m) {
  if (m.requested) address_field(json, "requested_ip", *m.requested);
  if (m.host_name) json.bytes_field("hostname", *m.host_name);
  if (m.parameters) {
    json.open_array("params");
    for (const char code : *m.parameters) {
      const std::string_view name = parameter_name(static_cast<std::uint8_t>(code));
      if (!name.empty()) json.element(name);
    }
    json.close_array();
  }
  if (m.vendor_class) json.bytes_field("vendor_class_identifier", *m.vendor_class);
  if (m.client_id) json.field("client_id", colon_hex(*m.client_id));
  number_field(json, "lease_time", m.lease_time);
  number_field(json, "renewal_time", m.renewal_time);
  number_field(json, "rebinding_time", m.rebinding_time);
  if (m.subnet_mask) json.field("subnet_mask", *m.subnet_mask);
  addresses_field(json, "routers", m.routers);
  addresses_field(json, "dns_servers", m.dns_servers);
}

}  // namespace

void DhcpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions& options) const {
  const Message& m = message;
  const bool extended = options.dhcp.extended;
  if (!extended && m.type != message_type::kAck) return;
  JsonText json;
  json.open_object();
  json.field("type", op_name(m.op));
  json.field("id", m.transaction);
  json.field("client_mac", colon_hex(m.hardware_address));
  address_field(json, "assigned_ip", m.assigned);
  if (extended) {
    address_field(json, "client_ip", m.client);
    if (m.op == op::kReply) {
      address_field(json, "relay_ip", m.relay);
      address_field(json, "next_server_ip", m.next_server);
    }
  }
  if (m.type) json.field("dhcp_type", type_name(*m.type));
  if (extended) extended_fields(json, m);
  json.close_object();
  EveRecord record{"dhcp", false, {}};
  record.as_sent = true;
  record.add("dhcp", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::dhcp
