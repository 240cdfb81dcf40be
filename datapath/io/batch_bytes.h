// How many packets to read at once: many small ones, few super-packets. What is read is still in the core's cache when
// it is judged, and the first of a batch does not wait for megabytes behind it.
//
// Thread   the reader's.
// Tests    tests/unit/datapath/io/batch_bytes_test.cpp
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bulkhead::io {

inline constexpr std::size_t kBatchBytes = 128 << 10;  // about 50 us of scanning

class BatchBytes {
 public:
  explicit BatchBytes(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // Of the batch that was read last.
  void add(std::size_t packets, std::size_t bytes) {
    if (packets != 0) mean_ = std::max<std::size_t>(bytes / packets, 1);
  }
  // For the next one, up to `most`; at least one.
  [[nodiscard]] unsigned packets(std::size_t most) const {
    return static_cast<unsigned>(std::clamp<std::size_t>(most_bytes_ / mean_, 1, std::max<std::size_t>(most, 1)));
  }

 private:
  const std::size_t most_bytes_;
  std::size_t mean_ = 1;  // bytes of a packet
};

}  // namespace bulkhead::io
