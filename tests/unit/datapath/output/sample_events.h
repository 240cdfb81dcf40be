// One event of each kind with every field in use, and the smallest of each kind.
#pragma once

#include <vector>

#include "datapath/event/event.h"

namespace bulkhead::test {

inline constexpr Timestamp kSampleTime{1'468'449'727'388'030'000};  // 2016-07-13T22:42:07.388030

inline event::EventHeader sample_header() {
  event::EventHeader header;
  header.time = kSampleTime;
  header.flow_id = 2019293753285740;
  header.packet_number = 6;
  header.tuple = {*IpAddress::parse("82.165.177.154"), *IpAddress::parse("10.16.1.11"), 80, 54186, ip_proto::kTcp};
  header.has_tuple = header.has_ports = header.has_packet_source = true;
  return header;
}

inline event::SignatureInfoPtr sample_signature() {
  auto signature = std::make_shared<event::SignatureInfo>();
  signature->sid = 5;
  signature->rev = 3;
  signature->severity = 1;
  signature->message = "t \xc3\xa9 \"x\"";
  signature->category = "Web Application Attack";
  signature->references = {"http://example.com/a"};
  signature->metadata = {{"updated_at", "2021"}, {"tag", "a"}, {"created_at", "2020"}, {"tag", "b"}};
  signature->text = "alert tcp any any -> any any (sid:5;)";
  return signature;
}

inline std::shared_ptr<const event::FlowMetadata> sample_metadata() {
  auto metadata = std::make_shared<event::FlowMetadata>();
  metadata->flowbits = {"traffic/id/mozilla", "foo", "traffic/label/web"};
  metadata->flowvars = {{"fkey", "GET"}};
  metadata->keyed_flowvars = {{"name", "value"}};
  metadata->flowints = {{"cnt", -1}};
  return metadata;
}

inline event::AlertEvent sample_alert() {
  event::AlertEvent e;
  e.header = sample_header();
  e.header.app_protocol = "http";
  e.header.vlan_count = 2;
  e.header.vlan_id = {1, 10, 0};
  e.header.ether = {*MacAddress::parse("64:00:f1:e1:02:02"), *MacAddress::parse("64:00:f1:e1:03:03")};
  e.signature = sample_signature();
  e.blocked = true;
  e.direction = Direction::kToClient;
  e.has_flow = true;
  e.flow = {3,
            3,
            263,
            435,
            {1'468'449'727'011'401'000},
            {*IpAddress::parse("10.16.1.11"), *IpAddress::parse("82.165.177.154"), 54186, 80, ip_proto::kTcp}};
  e.on_stream = true;
  e.has_payload = true;
  e.tx_id = 0;
  e.payload = std::string("GET /\xff\x01\tx\r\n", 11);
  e.packet = std::string("\x00\x01\x02\x03", 4);
  e.tunnel = event::TunnelInfo{*IpAddress::parse("2.2.2.2"), *IpAddress::parse("1.1.1.1"), 0, 0, ip_proto::kGre, 1, 3};
  e.verdict = event::VerdictInfo{event::PacketFate::kDrop, event::RejectTarget::kToClient, true};
  e.metadata = sample_metadata();
  e.target_is_source = 2;
  return e;
}

inline event::FlowEvent sample_flow() {
  event::FlowEvent e;
  e.header = sample_header();
  e.header.packet_number = 0;
  e.header.has_packet_source = false;
  e.header.tuple = {*IpAddress::parse("10.16.1.11"), *IpAddress::parse("82.165.177.154"), 54186, 80, ip_proto::kTcp};
  e.header.app_protocol = "http";
  e.client_macs = {*MacAddress::parse("64:00:f1:e1:02:02")};
  e.server_macs = {*MacAddress::parse("64:00:f1:e1:03:03")};
  e.summary = {6, 4, 425, 495, {1'468'449'727'011'401'000}, e.header.tuple};
  e.last = {1'468'449'729'573'174'000};
  e.state = "closed";
  e.reason = "shutdown";
  e.alerted = true;
  e.action = "drop";
  e.is_tcp = true;
  e.tcp_flags_to_server = 0x1b;
  e.tcp_flags_to_client = 0x1a;
  e.tcp_state = "closed";
  e.max_regions_to_server = e.max_regions_to_client = 1;
  e.min_ttl_to_server = e.max_ttl_to_server = 64;
  e.min_ttl_to_client = 49;
  e.max_ttl_to_client = 50;
  e.metadata = sample_metadata();
  return e;
}

inline event::DropEvent sample_drop() {
  event::DropEvent e;
  e.header = sample_header();
  e.reason = "rules";
  e.ip_length = 64;
  e.ttl = 63;
  e.ip_id = 62182;
  e.is_tcp = true;
  e.tcp_seq = 1620482629;
  e.tcp_window = 29200;
  e.tcp_flags = 0x02;
  e.signature = sample_signature();
  e.verdict = event::VerdictInfo{event::PacketFate::kDrop, event::RejectTarget::kNone, false};
  return e;
}

inline event::DropEvent sample_policy_drop() {
  event::DropEvent e = sample_drop();
  e.reason = "policy";
  e.signature.reset();
  e.policy_rule = "default/web-only[2]";
  e.policy_file = "web.yaml";
  e.policy_line = 14;
  e.source_workload = "intruder";
  e.destination_workload = "db";
  e.audit = true;
  return e;
}

inline event::AnomalyEvent sample_anomaly() {
  event::AnomalyEvent e;
  e.header = sample_header();
  e.header.app_protocol = "http";
  e.type = "applayer";
  e.name = "RESPONSE_MULTIPART_BYTERANGES";
  e.layer = "proto_parser";
  e.tx_id = 0;
  e.packet = "abc";
  return e;
}

inline event::BlockEvent sample_block() {
  event::BlockEvent e;
  e.header = sample_header();
  e.header.packet_number = 0;
  e.action = "add";
  e.kind = "flow";
  e.reason = "alert 5";
  e.sid = 5;
  e.ttl = std::chrono::seconds(300);
  e.latency = std::chrono::microseconds(41);
  e.error = "none";
  return e;
}

inline event::StatsEvent sample_stats() {
  event::StatsEvent e;
  e.header.time = kSampleTime;
  e.uptime = std::chrono::seconds(8);
  e.counters = {{"capture.kernel_drops", 1},
                {"decoder.bytes", 900},
                {"decoder.event.ipv4.trunc_pkt", 2},
                {"decoder.event.ipv6.frag_overlap", 3},
                {"decoder.pkts", 10},
                {"flow.memcap", 0},
                {"top", 7}};
  return e;
}

inline std::vector<event::Event> all_sample_events() {
  std::vector<event::Event> out{sample_alert(),   sample_flow(),  sample_drop(), sample_policy_drop(),
                                sample_anomaly(), sample_block(), sample_stats()};
  event::AlertEvent small_alert;
  small_alert.signature = std::make_shared<event::SignatureInfo>();
  event::DropEvent small_drop;
  small_drop.reason = "policy";
  event::AnomalyEvent small_anomaly;
  small_anomaly.type = "decode";
  small_anomaly.name = "decoder.ipv4.pkt_too_small";
  out.emplace_back(small_alert);
  out.emplace_back(event::FlowEvent{});
  out.emplace_back(small_drop);
  out.emplace_back(small_anomaly);
  out.emplace_back(event::BlockEvent{});
  out.emplace_back(event::StatsEvent{});
  return out;
}

}  // namespace bulkhead::test
