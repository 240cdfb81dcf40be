#include "datapath/stream/stream_record.h"

#include <string_view>

#include "datapath/base/json_text.h"
#include "datapath/stream/tcp_session_state.h"

namespace bulkhead::stream {

namespace {

void words(JsonText& json, std::string_view key, std::initializer_list<std::pair<bool, std::string_view>> list) {
  json.open_array(key);
  for (const auto& [is_set, word] : list) {
    if (is_set) json.element(word);
  }
  json.close_array();
}

void packet_object(JsonText& json, const decode::PacketView& packet, const StreamUpdate& update) {
  const decode::TcpFields& tcp = packet.tcp;
  const bool v6 = packet.family == IpFamily::kV6;
  const auto has = [&](std::uint8_t flag) { return (tcp.flags & flag) != 0; };
  json.open_object("packet");
  json.field("len", std::uint64_t{packet.ip_total_length});
  json.field(v6 ? "tc" : "tos", std::uint64_t{packet.tos});
  json.field(v6 ? "hoplimit" : "ttl", std::uint64_t{packet.ttl});
  if (!v6) json.field("ipid", std::uint64_t{packet.fragment_id});
  json.field("tcpseq", std::uint64_t{tcp.seq});
  json.field("tcpack", std::uint64_t{tcp.ack});
  json.field("tcpwin", std::uint64_t{tcp.window});
  json.field("syn", has(decode::tcp_flag::kSyn));
  json.field("ack", has(decode::tcp_flag::kAck));
  json.field("psh", has(decode::tcp_flag::kPsh));
  json.field("rst", has(decode::tcp_flag::kRst));
  json.field("urg", has(decode::tcp_flag::kUrg));
  json.field("fin", has(decode::tcp_flag::kFin));
  json.field("tcpres", std::uint64_t{0});
  json.field("tcpurgp", std::uint64_t{tcp.urgent});
  words(json, "flags",
        {{update.spurious, "spurious_retransmission"},
         {update.keep_alive, "keepalive"},
         {update.keep_alive_answer, "keepalive_ack"},
         {!update.events.empty(), "event_set"},
         {update.state_before != update.session->state(), "state_update"},
         {update.duplicate_ack, "dup_ack"},
         {update.reused, "tcp_port_reuse"},
         {update.window_probe, "zero_window_probe"}});
  json.close_object();
}

void end_object(JsonText& json, std::string_view key, const Endpoint& end, const StreamSide& side) {
  const auto at = [&](std::uint64_t offset) {
    return std::uint64_t{end.data.base_seq + static_cast<std::uint32_t>(offset)};
  };
  json.open_object(key);
  json.field("isn", std::uint64_t{end.isn});
  json.field("next_seq", std::uint64_t{end.next_seq});
  json.field("last_ack", std::uint64_t{end.last_ack});
  json.field("next_win", std::uint64_t{end.next_win});
  json.field("base_seq", at(side.window_begin()));
  json.field("segs_right_edge", at(end.data.blocks.empty() ? side.delivered_end() : end.data.blocks.back().end));
  json.field("window", std::uint64_t{end.window});
  json.field("wscale", std::uint64_t{end.window_scale});
  words(json, "flags",
        {{side.had_gap(), "gap"},
         {end.keep_alive, "keepalive"},
         {side.depth_reached(), "depth_reached"},
         {end.timestamps, "timestamp"},
         {end.zero_timestamp, "zero_timestamp"}});
  json.close_object();
}

}  // namespace

std::string stream_record(const decode::PacketView& packet, TcpSession& session, const StreamUpdate& update) {
  const TcpSessionState& s = session.internal();
  JsonText json;
  json.open_object();
  packet_object(json, packet, update);
  json.open_object("session");
  json.field("state", flow::name_of(s.state));
  if (update.state_before != s.state) json.field("pstate", flow::name_of(update.state_before));
  json.open_object("flags");
  words(json, "flags",
        {{s.midstream, "midstream"},
         {s.midstream && !s.midstream_synack, "midstream_established"},
         {s.midstream_synack, "midstream_synack"},
         {s.async, "async"},
         {s.four_way, "4whs"},
         {s.client_sack, "client_sackok"},
         {s.ends[1].sack, "sackok"},
         {s.confirmed, "3whs_confirmed"},
         {s.fast_open, "tcp_fast_open"}});
  json.close_object();
  end_object(json, "client", s.ends[0], session.side(Direction::kToServer));
  end_object(json, "server", s.ends[1], session.side(Direction::kToClient));
  json.close_object();
  if (!update.events.empty()) {
    json.open_array("events");
    for (const StreamEvent e : update.events) json.element("stream." + std::string(counter_name(e)));
    json.close_array();
  }
  json.close_object();
  return json.take();
}

}  // namespace bulkhead::stream
