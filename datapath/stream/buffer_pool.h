// Byte buffers in power-of-two sizes, kept for reuse, counted against a cap.
//
// Thread   one worker. A pool must outlive its buffers (TcpSession holds it by shared_ptr).
// Limits   the capacities of buffers handed out never add up to more than `cap`; take() then answers empty.
// Tests    tests/unit/datapath/stream/reassembly_twin_test.cpp
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::stream {

class BufferPool;

class PooledBuffer {
 public:
  PooledBuffer() = default;
  PooledBuffer(PooledBuffer&& other) noexcept { swap(other); }
  PooledBuffer& operator=(PooledBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PooledBuffer() { give_back(); }

  explicit operator bool() const { return data_ != nullptr; }
  [[nodiscard]] Byte* data() const { return data_.get(); }
  [[nodiscard]] std::size_t capacity() const { return data_ ? std::size_t{1} << shift_ : 0; }
  inline void give_back();

 private:
  friend class BufferPool;
  void swap(PooledBuffer& other) {
    std::swap(data_, other.data_);
    std::swap(pool_, other.pool_);
    std::swap(shift_, other.shift_);
  }
  std::unique_ptr<Byte[]> data_;
  BufferPool* pool_ = nullptr;
  std::uint8_t shift_ = 0;
};

class BufferPool {
 public:
  explicit BufferPool(std::uint64_t cap) : cap_(cap) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // At least `bytes`; empty when the cap would be passed.
  [[nodiscard]] PooledBuffer take(std::size_t bytes) {
    const unsigned shift = shift_for(bytes);
    const std::uint64_t size = std::uint64_t{1} << shift;
    PooledBuffer buffer;
    if (shift >= kShifts || in_use_ + size > cap_) return buffer;
    std::vector<std::unique_ptr<Byte[]>>& idle = idle_[shift];
    if (idle.empty()) {
      buffer.data_ = std::make_unique_for_overwrite<Byte[]>(size);
      allocated_ += size;
    } else {
      buffer.data_ = std::move(idle.back());
      idle.pop_back();
    }
    buffer.pool_ = this;
    buffer.shift_ = static_cast<std::uint8_t>(shift);
    in_use_ += size;
    return buffer;
  }

  [[nodiscard]] std::uint64_t in_use() const { return in_use_; }
  // In use and kept for reuse.
  [[nodiscard]] std::uint64_t allocated() const { return allocated_; }

 private:
  friend class PooledBuffer;
  static constexpr unsigned kMinShift = 8;
  static constexpr unsigned kShifts = 40;

  [[nodiscard]] static unsigned shift_for(std::size_t bytes) {
    const auto shift = static_cast<unsigned>(std::bit_width(bytes > 1 ? bytes - 1 : 1));
    return shift < kMinShift ? kMinShift : shift;
  }
  // Kept for the next taker, unless what lies idle would make the pool hold more than its cap.
  void take_back(std::unique_ptr<Byte[]> data, unsigned shift) {
    const std::uint64_t size = std::uint64_t{1} << shift;
    in_use_ -= size;
    if (allocated_ > cap_) {
      allocated_ -= size;
      return;
    }
    idle_[shift].push_back(std::move(data));
  }

  std::uint64_t cap_;
  std::uint64_t in_use_ = 0;
  std::uint64_t allocated_ = 0;
  std::array<std::vector<std::unique_ptr<Byte[]>>, kShifts> idle_;
};

inline void PooledBuffer::give_back() {
  if (data_) pool_->take_back(std::move(data_), shift_);
  data_ = nullptr;
}

}  // namespace bulkhead::stream
