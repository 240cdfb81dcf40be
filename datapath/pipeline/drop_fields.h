// The fields of a drop event that come from the packet itself: one place for all who report drops.
//
// Thread   pure function. In  a decoded packet. Out  lengths, TTL and transport fields of the event.
// Limits   lengths are cut to 65535, also for super-packets.
// Tests    tests/golden/ (policy and drop cases through replay)
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapath/decode/packet_view.h"
#include "datapath/event/event.h"

namespace bulkhead::pipeline {

inline void fill_packet_fields(const decode::PacketView& packet, event::DropEvent& e) {
  e.ip_length = static_cast<std::uint16_t>(std::min<std::uint32_t>(packet.ip_total_length, 65535));
  e.tos = packet.tos;
  e.ttl = packet.ttl;
  e.ip_id = packet.fragment_id;
  if (packet.has_tcp) {
    e.is_tcp = true;
    e.tcp_seq = packet.tcp.seq;
    e.tcp_ack = packet.tcp.ack;
    e.tcp_window = packet.tcp.window;
    e.tcp_urgent = packet.tcp.urgent;
    e.tcp_flags = packet.tcp.flags;
  }
  if (packet.has_udp) {
    e.is_udp = true;
    e.udp_length = static_cast<std::uint16_t>(std::min<std::size_t>(packet.payload.size() + 8, 65535));
  }
}

}  // namespace bulkhead::pipeline
