// An AF_PACKET socket with a TPACKET_V3 ring and a virtio_net_hdr before each packet.
//
//   ring    [block 0][block 1] ... [block n-1], each: descriptor, then packets linked by tp_next_offset
//   packet  tpacket3_hdr | sockaddr_ll | ... | virtio_net_hdr | link header, payload
//                                             tp_mac - 10 ^     ^ tp_mac
//
// Thread   one; kernel_counts() by any.
// Limits   memory as the settings say. A full ring makes the kernel drop and count.
// Errors   Error with the call, the interface and errno; EPERM names the capability.
// Source   packet(7), Documentation/networking/packet_mmap.rst, include/uapi/linux/if_packet.h, virtio_net.h
// Tests    tests/unit/datapath/io/packet_ring_test.cpp, tests/netns/tap_source_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datapath/base/result.h"
#include "datapath/io/packet_batch.h"
#include "datapath/io/packet_mmap_tap_settings.h"

struct sock_filter;

namespace bulkhead::io {

// The packet whose tpacket3_hdr is at `header`; `size` bytes of the block are left from there. False: the offsets do
// not fit. Number and verdict are left alone.
[[nodiscard]] bool parse_ring_packet(const Byte* header, std::size_t size, RawPacket& packet);

// Classic BPF: packets of these interfaces (all, when empty), cut to `snaplen`.
[[nodiscard]] std::vector<sock_filter> interface_filter(const std::vector<std::uint32_t>& indexes,
                                                        std::uint32_t snaplen);

class PacketRing {
 public:
  struct Counts {
    std::uint64_t packets = 0;  // seen by the socket, dropped ones too
    std::uint64_t drops = 0;
    std::uint64_t freezes = 0;
  };
  // A filled block; count and first packet as the kernel wrote them.
  struct Block {
    const Byte* base = nullptr;
    std::uint32_t size = 0;
    std::uint32_t packets = 0;
    std::uint32_t first = 0;  // offset of the first packet
  };

  // `indexes` are those of settings.interfaces, in their order.
  [[nodiscard]] static Result<std::unique_ptr<PacketRing>> open(const PacketMmapTapSettings& settings,
                                                                const std::vector<std::uint32_t>& indexes);
  ~PacketRing();
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;

  // The block at the reading position, once the kernel has handed it over.
  [[nodiscard]] bool take(Block& block) const;
  // Gives the block at the reading position back and moves on.
  void give_back();
  // 1: readable, 0: time over, negative: errno of the socket (ENETDOWN, ...).
  [[nodiscard]] int wait(std::chrono::milliseconds timeout) const;
  // Since the last call: the kernel resets them.
  [[nodiscard]] Counts kernel_counts() const;

 private:
  explicit PacketRing(int fd) : fd_(fd) {}
  [[nodiscard]] Status set_up(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes);
  [[nodiscard]] Status map_ring(const PacketMmapTapSettings& settings);
  [[nodiscard]] Status attach_filter(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes);
  [[nodiscard]] Status join(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes);

  int fd_;
  Byte* map_ = nullptr;
  std::size_t map_size_ = 0;
  std::uint32_t block_bytes_ = 0;
  std::uint32_t block_count_ = 0;
  std::uint32_t current_ = 0;
};

}  // namespace bulkhead::io
