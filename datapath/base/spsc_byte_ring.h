// Bounded queue of records of any size, of one producer thread and one consumer thread, without locks.
//
// Layout   records lie behind each other, each with its size ahead of it, at multiples of eight; none is broken by the
//          end of the memory. A ring that is found empty is filled from its first byte again, so that few waiting
//          records take little memory in turn, which stays in the producer's cache.
// Thread   claim(), commit() by the producer, front(), pop() by the consumer, empty() by anyone (approximate).
// Limits   a record has at most kMostBytes; claim() answers null when there is no room for it, and nothing changes.
// Source   Lamport's ring with cached indices.
// Tests    tests/unit/datapath/base/spsc_byte_ring_test.cpp
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "datapath/base/byte_reader.h"

namespace bulkhead {

class SpscByteRing {
  using Size = std::uint16_t;
  static constexpr std::size_t round_up(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

 public:
  static constexpr std::size_t kMostBytes = 4096;
  // What a record of so many bytes takes in the ring.
  [[nodiscard]] static constexpr std::size_t taken(std::size_t bytes) { return round_up(sizeof(Size) + bytes); }

  // `bytes` is rounded up, to a multiple of eight and to twice what the largest record takes.
  explicit SpscByteRing(std::size_t bytes)
      : size_(round_up(std::max(bytes, 2 * taken(kMostBytes)))), memory_(std::make_unique<Byte[]>(size_)) {}

  // Where a record of up to `most` bytes can be written.
  [[nodiscard]] Byte* claim(std::size_t most) {
    std::size_t head = head_.load(std::memory_order_relaxed);
    if (head != front_made_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      // Nothing waits, so nobody reads: the consumer sees the new front with the next head.
      if (tail_seen_ == head) front_.store(front_made_ = head, std::memory_order_relaxed);
    }
    std::size_t at = head == front_made_ || head_at_ == size_ ? 0 : head_at_;
    const std::size_t skipped = size_ - at < taken(most) ? size_ - at : 0;
    if (size_ - (head - tail_seen_) < skipped + taken(most)) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (size_ - (head - tail_seen_) < skipped + taken(most)) return nullptr;
    }
    if (skipped != 0) {
      put_size(at, kSkip);
      at = 0;
      head += skipped;
    }
    claimed_ = head;
    claimed_at_ = at;
    return memory_.get() + at + sizeof(Size);
  }
  // `bytes` of what was claimed last are a record.
  void commit(std::size_t bytes) {
    put_size(claimed_at_, static_cast<Size>(bytes));
    head_at_ = claimed_at_ + taken(bytes);
    head_.store(claimed_ + taken(bytes), std::memory_order_release);
  }

  // The oldest record where it lies, until pop(); empty when there is none.
  [[nodiscard]] ByteSpan front() {
    if (read_ == head_seen_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (read_ == head_seen_) return {};
      front_seen_ = front_.load(std::memory_order_relaxed);
    }
    read_at_ = (read_ - front_seen_) % size_;
    if (size_at(read_at_) == kSkip) {
      read_ += size_ - read_at_;
      read_at_ = 0;
    }
    return {memory_.get() + read_at_ + sizeof(Size), size_at(read_at_)};
  }
  // Behind front(), which found one.
  void pop() {
    read_ += taken(size_at(read_at_));
    tail_.store(read_, std::memory_order_release);
  }

  [[nodiscard]] std::size_t capacity() const { return size_; }
  [[nodiscard]] bool empty() const {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  static constexpr Size kSkip = UINT16_MAX;  // what is left up to the end of the memory is no record
  static_assert(kMostBytes < kSkip);

  void put_size(std::size_t at, Size size) { std::memcpy(memory_.get() + at, &size, sizeof size); }
  [[nodiscard]] Size size_at(std::size_t at) const {
    Size out = 0;
    std::memcpy(&out, memory_.get() + at, sizeof out);
    return out;
  }

  const std::size_t size_;
  std::unique_ptr<Byte[]> memory_;
  alignas(64) std::atomic<std::size_t> head_{0};  // bytes that were ever taken
  std::size_t tail_seen_ = 0, front_made_ = 0, claimed_ = 0;
  std::size_t head_at_ = 0, claimed_at_ = 0;  // places in the memory
  std::atomic<std::size_t> front_{0};         // where the memory begins
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0, front_seen_ = 0, read_ = 0;
  std::size_t read_at_ = 0;  // of front(), in the memory
};

}  // namespace bulkhead
