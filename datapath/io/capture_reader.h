// Reads the records of a capture that lies in memory, without copying: classic pcap (microseconds and
// nanoseconds, both byte orders) and pcapng (section, interface, enhanced, simple and old packet blocks,
// several sections, both byte orders, time resolution and offset per interface).
//
// Layout   pcap    [magic version zone sigfigs snaplen linktype : 24] ([sec fraction captured wire : 16][bytes])*
//          pcapng  ([type length][body][length])*, each a multiple of 4; a section header starts afresh
// Thread   one; the bytes must outlive the packets.
// Out      next(): kPacket with time, lengths, link type and bytes; number and verdict are left alone.
// Limits   kMaxCaptured bytes a packet, kMaxInterfaces a section. Nothing is allocated but the interface table.
// Errors   CaptureError. kSkipped: this record is unusable, the next may be fine. kStopped: the file cannot be
//          followed further. error() and error_offset() (byte in the file) describe the last of either.
// Time     a simple packet block carries none: the time of the packet before it (0 for the first).
//          Times outside of what 64 bits of nanoseconds hold are clamped.
// Tests    tests/unit/datapath/io/capture_reader_test.cpp, tests/fuzz/fuzz_pcap_reader.cpp
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/io/packet_batch.h"

namespace bulkhead::io {

enum class CaptureError : std::uint8_t {
#define X(name, text, reference) name,
#include "datapath/io/capture_errors.def"
#undef X
};
inline constexpr std::size_t kCaptureErrorCount = 0
#define X(name, text, reference) +1  // NOLINT(bugprone-macro-parentheses): a sum of ones
#include "datapath/io/capture_errors.def"
#undef X
    ;
[[nodiscard]] std::string_view name_of(CaptureError error);
[[nodiscard]] std::string_view text_of(CaptureError error);

enum class CaptureFormat : std::uint8_t { kUnknown, kPcap, kPcapng };

class CaptureReader {
 public:
  static constexpr std::uint32_t kMaxCaptured = 256 * 1024;  // as libpcap; holds a GSO super-packet four times
  static constexpr std::size_t kMaxInterfaces = 65536;

  enum class Step : std::uint8_t { kPacket, kSkipped, kStopped, kEnd };

  CaptureReader() = default;
  explicit CaptureReader(ByteSpan file);

  // What the first bytes say; kUnknown leaves the file to others.
  [[nodiscard]] CaptureFormat format() const { return format_; }
  [[nodiscard]] Step next(RawPacket& packet);

  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] CaptureError error() const { return error_; }
  [[nodiscard]] std::size_t error_offset() const { return error_offset_; }

 private:
  struct Interface {
    LinkType link_type = LinkType::kEthernet;
    std::uint32_t snaplen = 0;
    std::uint8_t resolution = 6;      // if_tsresol: power of 10, or of 2 with the top bit
    std::int64_t offset_seconds = 0;  // if_tsoffset
  };
  struct Block {
    std::uint32_t type = 0;
    std::size_t offset = 0;  // in the file
    ByteSpan body;           // between the two lengths
  };

  Step next_pcap(RawPacket& packet);
  Step next_pcapng(RawPacket& packet);
  // kPacket: `block` holds the next block.
  Step next_block(Block& block);
  bool begin_section();
  Step add_interface(const Block& block);
  Step enhanced_packet(const Block& block, RawPacket& packet);
  Step simple_packet(const Block& block, RawPacket& packet);
  Step old_packet(const Block& block, RawPacket& packet);
  Step fill(const Block& block, std::uint32_t interface, std::uint32_t captured, std::uint32_t wire, std::size_t header,
            RawPacket& packet);
  Step skip(CaptureError error, std::size_t offset);
  Step stop(CaptureError error, std::size_t offset);
  [[nodiscard]] Timestamp to_time(const Interface& interface, std::uint32_t high, std::uint32_t low) const;
  [[nodiscard]] std::uint16_t u16(const Byte* p) const {
    std::uint16_t wire = 0;
    std::memcpy(&wire, p, sizeof wire);
    return swaps() ? __builtin_bswap16(wire) : wire;
  }
  [[nodiscard]] std::uint32_t u32(const Byte* p) const {
    std::uint32_t wire = 0;
    std::memcpy(&wire, p, sizeof wire);
    return swaps() ? __builtin_bswap32(wire) : wire;
  }
  [[nodiscard]] bool swaps() const { return big_endian_ == (std::endian::native == std::endian::little); }

  ByteSpan file_;
  std::size_t position_ = 0;
  CaptureFormat format_ = CaptureFormat::kUnknown;
  bool big_endian_ = false;
  bool nanoseconds_ = false;
  bool stopped_ = false;
  LinkType link_type_ = LinkType::kEthernet;  // of a classic file, as is the snaplen
  std::uint32_t snaplen_ = 0;
  std::vector<Interface> interfaces_;
  Timestamp last_time_;
  CaptureError error_ = CaptureError::header_truncated;
  std::size_t error_offset_ = 0;
};

}  // namespace bulkhead::io
