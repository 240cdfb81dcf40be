// What the engine reports, by value: made on a worker, formatted on an output thread.
//
// Thread   made by one worker, moved through an EventRing to the output thread.
// Order    `order` sorts events of all workers into the order of one worker: replay output is
//          byte-identical for any number of workers.
// Units    packets, bytes with link header, packet time.
// Tests    tests/unit/datapath/output/eve_json_test.cpp, tests/golden/
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"
#include "datapath/event/signature_info.h"

namespace bulkhead::event {

// (packet number, phase within the packet, tie-break such as a flow's first packet, running number).
struct EventOrder {
  std::uint64_t packet = 0;
  std::uint32_t phase = 0;  // 0: timeouts that the packet's time triggered; 1: the packet itself; 2: end of input
  std::uint64_t tie = 0;
  std::uint32_t sequence = 0;
  auto operator<=>(const EventOrder&) const = default;
};

enum class PacketSourceName : std::uint8_t {
  kWire,
  kTunnel4,
  kTunnel6,
  kGreTunnel,
  kVxlanTunnel,
  kGeneveTunnel,
  kTeredoTunnel,
  kErspanTunnel,
  kDefrag,
  kFlowTimeout
};
[[nodiscard]] std::string_view name_of(PacketSourceName source);  // EVE pkt_src

enum class PacketFate : std::uint8_t { kAlert, kPass, kDrop };  // EVE verdict.action
enum class RejectTarget : std::uint8_t { kNone, kToServer, kToClient, kBoth };

struct TunnelInfo {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
  std::uint8_t depth = 0;
  std::uint64_t packet_number = 0;
  PacketSourceName packet_source = PacketSourceName::kWire;
};

// Fields that most events begin with.
struct EventHeader {
  EventOrder order;
  Timestamp time;
  std::uint64_t flow_id = 0;        // 0: no flow
  std::uint64_t parent_id = 0;      // of the flow that announced it (FTP's control connection); 0: none
  std::uint64_t packet_number = 0;  // EVE pcap_cnt; 0: left out
  FlowTuple tuple;                  // as logged: see each event
  bool has_tuple = false;
  bool has_ports = false;
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, 3> vlan_id{};
  PacketSourceName packet_source = PacketSourceName::kWire;
  bool has_packet_source = false;
  std::uint8_t icmp_type = 0, icmp_code = 0;
  bool has_icmp = false;
  std::uint8_t response_icmp_type = 0, response_icmp_code = 0;
  bool has_response_icmp = false;
  std::uint32_t esp_spi = 0;
  bool has_esp_spi = false;
  std::string_view app_protocol;  // static name, "failed", or empty: left out
  // Where they differ from app_protocol: what each side speaks, and what was spoken before a change (STARTTLS).
  std::string_view app_protocol_to_server, app_protocol_to_client, app_protocol_original;
  std::uint32_t interface_index = 0;                       // 0: file
  std::optional<std::pair<MacAddress, MacAddress>> ether;  // source, destination; with eve.ethernet
};

// Objects of a protocol as complete JSON, made on the worker: ("http", "{...}"). The output writes them as they are.
using AppFields = std::vector<std::pair<std::string_view, std::string>>;

// State of the flow at the moment of the event.
struct FlowSummary {
  std::uint64_t packets_to_server = 0, packets_to_client = 0;
  std::uint64_t bytes_to_server = 0, bytes_to_client = 0;
  Timestamp start;
  FlowTuple client;  // source is the client
};

struct VerdictInfo {
  PacketFate fate = PacketFate::kAlert;
  RejectTarget reject = RejectTarget::kNone;
  bool reject_by_reset = false;  // "tcp-reset", else "icmp-prohib"
};

// Flow variables that rules set: flowbits, named pcre captures.
struct FlowMetadata {
  std::vector<std::string> flowbits;
  std::vector<std::pair<std::string, std::string>> flowvars;  // EVE {name: value}
  std::vector<std::pair<std::string, std::string>>
      keyed_flowvars;  // captures by flow:key, flow:value: EVE {key, value}
  std::vector<std::pair<std::string, std::int64_t>> flowints;
};

struct AlertEvent {
  EventHeader header;         // tuple: the packet's own
  std::string forwarded_for;  // the client that a proxy named; empty: left out
  bool tx_guessed = false;    // tx_id is that of the transaction under way, not of one that matched
  SignatureInfoPtr signature;
  bool blocked = false;  // alert.action: "blocked", else "allowed"
  Direction direction = Direction::kToServer;
  bool has_flow = false;
  FlowSummary flow;
  bool on_stream = false;  // payload is stream data
  bool has_payload = false;
  std::optional<std::uint64_t> tx_id;
  std::string payload;  // raw bytes, capped by the settings
  std::string packet;   // raw bytes of the last packet with link header; may be empty
  std::uint16_t link_type = 1;
  std::optional<TunnelInfo> tunnel;
  std::optional<VerdictInfo> verdict;
  std::shared_ptr<const FlowMetadata> metadata;
  std::uint32_t packet_length = 0;
  std::uint8_t target_is_source = 0;  // `target` keyword: 0 none, 1 source, 2 destination
  AppFields app_fields;               // of the transaction that the rule matched
};

// A transaction of a protocol, or a file that one carried.
struct AppEvent {
  EventHeader header;     // tuple: client first; a file's record: the sender first
  std::string_view type;  // "http", "dns", "fileinfo"
  std::optional<std::uint64_t> tx_id;
  std::string forwarded_for;       // as in AlertEvent
  bool with_app_protocol = false;  // app_proto stands in files' records alone
  AppFields fields;
  std::shared_ptr<const FlowMetadata> metadata;
};

// Of a flow that a tap left to its socket's filter: what that has counted, by direction.
struct KernelShare {
  std::array<std::uint64_t, 2> packets{}, bytes{};
};

struct FlowEvent {
  EventHeader header;  // tuple: client first; time: when the flow ended
  FlowSummary summary;
  Timestamp last;
  std::string_view state;                // new, established, closed, bypassed
  std::string_view reason;               // timeout, forced, shutdown
  std::optional<KernelShare> in_kernel;  // part of the summary too
  bool alerted = false;
  std::string_view action;                                                // "", pass, drop
  std::vector<std::pair<std::string_view, std::string_view>> exceptions;  // what happened, which policy was applied
  bool is_tcp = false;
  std::uint8_t tcp_flags_to_server = 0, tcp_flags_to_client = 0;  // of a followed connection; else 0, as in Suricata 7
  std::string_view tcp_state;                                     // empty: it was not followed
  std::uint32_t max_regions_to_server = 0, max_regions_to_client = 0;
  bool gap_to_server = false, gap_to_client = false;
  std::vector<MacAddress> client_macs, server_macs;  // with eve.ethernet
  std::uint8_t min_ttl_to_server = 0, max_ttl_to_server = 0, min_ttl_to_client = 0, max_ttl_to_client = 0;
  std::shared_ptr<const FlowMetadata> metadata;
};

struct DropEvent {
  EventHeader header;       // tuple: the packet's own
  std::string_view reason;  // "rules", "flow drop", "policy", "stream error", "defrag error", ...
  Direction direction = Direction::kToServer;
  std::uint16_t ip_length = 0;
  std::uint8_t tos = 0, ttl = 0;
  std::uint32_t ip_id = 0;  // IPv6: the flow label
  bool is_tcp = false, is_udp = false;
  std::uint32_t tcp_seq = 0, tcp_ack = 0;
  std::uint16_t tcp_window = 0, tcp_urgent = 0, udp_length = 0;
  std::uint8_t tcp_flags = 0;
  bool is_icmp = false;  // id and sequence are there: echo, timestamp, ...
  std::uint16_t icmp_id = 0, icmp_sequence = 0;
  SignatureInfoPtr signature;  // the rule that dropped, if one did
  bool signature_blocked = true;
  std::optional<VerdictInfo> verdict;
  // reason "policy": which rule of which file refused it, between which workloads. Reason "guard": the rule is
  // "guard/arp-sender" or another reason of the port's guard, and the source is the port's workload.
  std::string policy_rule, policy_file, source_workload, destination_workload;
  std::uint32_t policy_line = 0;
  bool audit = false;  // would have been refused: the rule is in audit mode
};

struct AnomalyEvent {
  EventHeader header;
  std::string_view type;   // decode, stream, applayer
  std::string name;        // "decoder.ipv4.trunc_pkt", "stream.pkt_invalid_ack", ...
  std::string_view layer;  // proto_parser, proto_detect; empty: left out
  std::optional<std::uint64_t> tx_id;
  std::shared_ptr<const FlowMetadata> metadata;
  std::string packet;  // its first raw bytes (link header on); empty: not logged (anomaly.packethdr)
  std::uint16_t link_type = 1;
};

// Flow blocks: made, refused by a guard, removed.
struct BlockEvent {
  EventHeader header;       // tuple: what is blocked
  std::string_view action;  // "add", "remove", "refuse", "dry-run"
  std::string_view kind;    // "limit", "flow", "pair", "source"
  std::string reason;
  std::uint32_t sid = 0;
  std::chrono::seconds ttl{0};
  std::chrono::nanoseconds latency{0};  // from the arrival of the matching packet to the kernel's acknowledgement
  std::string error;                    // why it was refused
};

// A packet that is logged because of an alert before it (`tag`).
struct PacketEvent {
  EventHeader header;  // tuple: the packet's own
  std::string packet;  // raw bytes with link header
  std::uint16_t link_type = 1;
};

using CounterList = std::vector<std::pair<std::string, std::uint64_t>>;

struct StatsEvent {
  EventHeader header;
  Nanoseconds uptime{0};
  // Dotted names without the leading "stats."; sorted. "decoder.pkts", "flow.memcap", ...
  CounterList counters;
  std::vector<std::pair<std::string, CounterList>> threads;  // the same of each worker, by its name
};

using Event = std::variant<std::monostate, AlertEvent, FlowEvent, DropEvent, AnomalyEvent, BlockEvent, StatsEvent,
                           AppEvent, PacketEvent>;

[[nodiscard]] inline const EventHeader* header_of(const Event& e) {
  return std::visit(
      [](const auto& body) -> const EventHeader* {
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, std::monostate>) {
          return nullptr;
        } else {
          return &body.header;
        }
      },
      e);
}
[[nodiscard]] inline EventHeader* header_of(Event& e) {
  return std::visit(
      [](auto& body) -> EventHeader* {
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, std::monostate>) {
          return nullptr;
        } else {
          return &body.header;
        }
      },
      e);
}

}  // namespace bulkhead::event
