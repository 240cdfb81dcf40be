// The fields of a drop event that come from the packet itself: one place for all who report drops.
//
// Thread   pure function. In  a decoded packet. Out  lengths, TTL and transport fields of the event.
// Limits   lengths are cut to 65535, also for super-packets.
// Tests    tests/golden/ (policy and drop cases through replay)
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapath/base/big_endian.h"
#include "datapath/decode/packet_view.h"
#include "datapath/event/event.h"

namespace bulkhead::pipeline {

inline void fill_packet_fields(const decode::PacketView& packet, event::DropEvent& e) {
  constexpr std::uint32_t kIpv6Header = 40;
  const bool v6 = packet.family == IpFamily::kV6;
  // As the headers say it: with IPv4's own length, without IPv6's.
  const std::uint32_t length = v6 ? packet.ip_total_length - kIpv6Header : packet.ip_total_length;
  e.ip_length = static_cast<std::uint16_t>(std::min<std::uint32_t>(length, 65535));
  e.tos = packet.tos;
  e.ttl = packet.ttl;
  e.ip_id = v6 ? load_be32(packet.ip_header) & 0xfffffU : packet.fragment_id;
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
  if (packet.has_icmp && packet.has_icmp_id) {
    e.is_icmp = true;
    // In the byte order of the wire, as the reference writes them.
    const auto swapped = [](std::uint16_t n) { return static_cast<std::uint16_t>(n << 8 | n >> 8); };
    e.icmp_id = swapped(packet.icmp_id);
    e.icmp_sequence = swapped(packet.icmp_sequence);
  }
}

}  // namespace bulkhead::pipeline
