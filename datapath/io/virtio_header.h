// The header that the kernel puts before packets of AF_PACKET sockets with PACKET_VNET_HDR, and takes before those that
// are sent: what is left to do about checksum and segmentation.
//
//   flags 8 | gso_type 8 | header_length 16 | gso_size 16 | checksum_start 16 | checksum_offset 16    host byte order
//
// Source   include/uapi/linux/virtio_net.h (which is no C++)
// Tests    tests/unit/datapath/io/packet_ring_test.cpp, tests/unit/datapath/io/packet_wire_source_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>

#include "datapath/io/packet_batch.h"

namespace bulkhead::io {

struct VirtioHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_length = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
};
inline constexpr std::size_t kVirtioHeader = 10;
static_assert(sizeof(VirtioHeader) == kVirtioHeader);
inline constexpr std::uint8_t kNeedsChecksum = 1;  // VIRTIO_NET_HDR_F_NEEDS_CSUM
inline constexpr std::uint8_t kDataValid = 2;      // VIRTIO_NET_HDR_F_DATA_VALID
inline constexpr std::uint8_t kGsoNone = 0;        // VIRTIO_NET_HDR_GSO_NONE

// `not_ready`, `valid`: what else the kernel says of the packet (TP_STATUS_CSUMNOTREADY, TP_STATUS_CSUM_VALID).
[[nodiscard]] inline ChecksumState checksum_state(const VirtioHeader& header, bool not_ready, bool valid) {
  if ((header.flags & kNeedsChecksum) != 0 || not_ready) return ChecksumState::kPartial;
  if ((header.flags & kDataValid) != 0 || valid) return ChecksumState::kValid;
  return ChecksumState::kUnknown;
}

}  // namespace bulkhead::io
