// What the operator sets about a wire: packets go through us from one interface to another.
//
// Memory   batch_packets * 66 KiB per worker, and buffer_bytes of kernel memory for each direction of its sockets.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace bulkhead::io {

// What comes in through one goes out through the other. Indexes of interfaces.
struct WirePair {
  std::uint32_t container = 0;  // host side of the container's veth
  std::uint32_t bridge = 0;     // our end of the veth whose other end is in the bridge
  auto operator<=>(const WirePair&) const = default;
};

struct PacketWireSettings {
  std::uint32_t batch_packets = 64;            // received, judged and sent at once
  std::uint32_t buffer_bytes = 64U << 20;      // of the sockets: super-packets are up to 64 KiB each
  std::chrono::microseconds gather{20};        // under many packets: waited between batches that are small; 0: never
  std::uint32_t sent_mark = 0, mark_mask = 0;  // packet mark of what we send; what comes with it is not read again
  std::uint16_t fanout_group = 0;              // workers with the same share the packets by flow; 0: no sharing
};

}  // namespace bulkhead::io
