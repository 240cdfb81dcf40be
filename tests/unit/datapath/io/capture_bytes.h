// Capture files built in memory, in both byte orders and broken on purpose.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::test {

class CaptureBytes {
 public:
  explicit CaptureBytes(bool big_endian = false) : big_(big_endian) {}

  CaptureBytes& u8(std::uint8_t v) {
    bytes_.push_back(v);
    return *this;
  }
  CaptureBytes& u16(std::uint16_t v) { return number(v, 2); }
  CaptureBytes& u32(std::uint32_t v) { return number(v, 4); }
  CaptureBytes& u64(std::uint64_t v) { return number(v, 8); }
  CaptureBytes& text(std::string_view v) {
    bytes_.insert(bytes_.end(), v.begin(), v.end());
    return *this;
  }
  CaptureBytes& append(const std::vector<Byte>& v) {
    bytes_.insert(bytes_.end(), v.begin(), v.end());
    return *this;
  }
  CaptureBytes& pad4() {
    while (bytes_.size() % 4 != 0) bytes_.push_back(0);
    return *this;
  }

  // Classic pcap.
  CaptureBytes& pcap_header(std::uint32_t magic = 0xa1b2c3d4, std::uint32_t link_type = 1,
                            std::uint32_t snaplen = 262144) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(snaplen).u32(link_type);
  }
  CaptureBytes& record(std::uint32_t seconds, std::uint32_t fraction, std::string_view data, std::uint32_t wire = 0) {
    const auto captured = static_cast<std::uint32_t>(data.size());
    return u32(seconds).u32(fraction).u32(captured).u32(wire == 0 ? captured : wire).text(data);
  }

  // pcapng.
  CaptureBytes& block(std::uint32_t type, const CaptureBytes& body) {
    const auto length = static_cast<std::uint32_t>((body.bytes_.size() + 3) / 4 * 4 + 12);
    return u32(type).u32(length).append(body.bytes_).pad4().u32(length);
  }
  CaptureBytes& section() { return block(0x0a0d0d0a, CaptureBytes(big_).u32(0x1a2b3c4d).u16(1).u16(0).u64(~0ULL)); }
  CaptureBytes& interface(std::uint16_t link_type, std::uint32_t snaplen = 0) {
    return block(1, CaptureBytes(big_).u16(link_type).u16(0).u32(snaplen));
  }
  CaptureBytes& interface(std::uint16_t link_type, std::uint8_t resolution, std::int64_t offset) {
    return block(1, CaptureBytes(big_)
                        .u16(link_type)
                        .u16(0)
                        .u32(0)
                        .u16(9)
                        .u16(1)
                        .u8(resolution)
                        .pad4()
                        .u16(14)
                        .u16(8)
                        .u64(static_cast<std::uint64_t>(offset))
                        .u16(0)
                        .u16(0));
  }
  CaptureBytes& enhanced(std::uint32_t interface, std::uint64_t ticks, std::string_view data, std::uint32_t wire = 0) {
    const auto captured = static_cast<std::uint32_t>(data.size());
    return block(6, CaptureBytes(big_)
                        .u32(interface)
                        .u32(static_cast<std::uint32_t>(ticks >> 32))
                        .u32(static_cast<std::uint32_t>(ticks))
                        .u32(captured)
                        .u32(wire == 0 ? captured : wire)
                        .text(data));
  }
  CaptureBytes& old_packet(std::uint16_t interface, std::uint64_t ticks, std::string_view data) {
    const auto captured = static_cast<std::uint32_t>(data.size());
    return block(2, CaptureBytes(big_)
                        .u16(interface)
                        .u16(0)
                        .u32(static_cast<std::uint32_t>(ticks >> 32))
                        .u32(static_cast<std::uint32_t>(ticks))
                        .u32(captured)
                        .u32(captured)
                        .text(data));
  }
  CaptureBytes& simple(std::uint32_t wire, std::string_view data) {
    return block(3, CaptureBytes(big_).u32(wire).text(data));
  }

  [[nodiscard]] std::vector<Byte>& bytes() { return bytes_; }
  [[nodiscard]] const std::vector<Byte>& bytes() const { return bytes_; }

 private:
  CaptureBytes& number(std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<Byte>(v >> (8 * (big_ ? size - 1 - i : i))));
    return *this;
  }
  bool big_;
  std::vector<Byte> bytes_;
};

}  // namespace bulkhead::test
