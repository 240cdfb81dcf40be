// What answers a rejected packet: a TCP reset to either end, or an ICMP error to the sender.
//
//   TCP     to the sender: seq = what it acknowledged (0 and ACK of its SYN where it acknowledged nothing);
//           to the receiver: as if the sender had closed, seq = the packet's, ACK and its number as in the packet
//   other   IPv4: type 3 code 13, IPv6: type 1 code 1 (administratively prohibited), with the beginning of the packet
//
// Thread   pure function; `out` keeps its memory between calls.
// Out      false: nothing may be answered (RFC 1122 3.2.2: to ICMP errors, fragments, group addresses; to resets).
// Limits   Ethernet with up to two VLAN tags, IPv4, IPv6 without extension headers.
// Source   RFC 9293 3.10.7.1, RFC 792, RFC 1812 5.2.7.1, RFC 4443 3.1
// Tests    tests/unit/datapath/io/reject_frames_test.cpp
#pragma once

#include <vector>

#include "datapath/io/packet_batch.h"

namespace bulkhead::io {

[[nodiscard]] bool reject_frame(const RawPacket& packet, bool to_sender, std::vector<Byte>& out);

}  // namespace bulkhead::io
