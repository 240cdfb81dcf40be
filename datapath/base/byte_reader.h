// A checked cursor over borrowed bytes. Reads past the end set failed() and yield zero; nothing
// throws or allocates, so a parser may read a whole header and test once.
//
// Thread   value type. In  bytes owned by the packet source. Out  host-order numbers, borrowed spans.
// Tests    tests/unit/datapath/base/byte_reader_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "datapath/base/big_endian.h"

namespace bulkhead {

using ByteSpan = std::span<const Byte>;

class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - position_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return remaining() == 0; }
  // The bytes not yet read.
  [[nodiscard]] ByteSpan rest() const { return bytes_.subspan(position_); }

  std::uint8_t u8() { return need(1) ? bytes_[take(1)] : std::uint8_t{0}; }
  std::uint16_t be16() { return need(2) ? load_be16(&bytes_[take(2)]) : std::uint16_t{0}; }
  std::uint32_t be24() { return need(3) ? load_be24(&bytes_[take(3)]) : 0U; }
  std::uint32_t be32() { return need(4) ? load_be32(&bytes_[take(4)]) : 0U; }
  std::uint64_t be64() { return need(8) ? load_be64(&bytes_[take(8)]) : std::uint64_t{0}; }
  ByteSpan bytes(std::size_t count) { return need(count) ? bytes_.subspan(take(count), count) : ByteSpan{}; }
  void skip(std::size_t count) {
    if (need(count)) take(count);
  }

 private:
  bool need(std::size_t count) {
    if (count <= remaining()) return true;
    failed_ = true;
    position_ = bytes_.size();
    return false;
  }
  std::size_t take(std::size_t count) {
    const std::size_t at = position_;
    position_ += count;
    return at;
  }

  ByteSpan bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace bulkhead
