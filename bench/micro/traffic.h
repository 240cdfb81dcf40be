// Frames of many TCP connections in memory, the same on every machine: input of the micro benchmarks.
//
// Out      Ethernet, IPv4, TCP with right checksums; connections take turns packet by packet. Each opens with a
//          handshake; then the client sends `exchanges` segments of `payload_bytes`, each acknowledged.
// Units    payload up to 64,000 bytes: a GSO super-packet as a tap sees it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datapath/io/packet_batch.h"

namespace bulkhead::bench {

struct TrafficShape {
  std::uint32_t connections = 64;
  std::uint32_t exchanges = 64;
  std::uint32_t payload_bytes = 1400;
  bool swap_pairs = false;  // every second pair of client segments arrives in the wrong order
};

class Traffic {
 public:
  explicit Traffic(const TrafficShape& shape);

  [[nodiscard]] const std::vector<io::RawPacket>& packets() const { return packets_; }
  [[nodiscard]] std::uint64_t frame_bytes() const { return frame_bytes_; }
  [[nodiscard]] std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  struct Frame {
    std::uint32_t connection;
    bool to_server;
    std::uint8_t flags;
    std::uint32_t seq, ack;
    std::uint32_t text_offset, text_length;
  };
  void add(const Frame& frame);

  std::string text_;  // what clients send, from a fixed generator
  std::vector<std::vector<Byte>> frames_;
  std::vector<io::RawPacket> packets_;
  std::uint64_t frame_bytes_ = 0, payload_bytes_ = 0;
};

// Words, numbers and punctuation as in requests and documents; the same for the same size.
[[nodiscard]] std::string made_text(std::size_t bytes);

}  // namespace bulkhead::bench
