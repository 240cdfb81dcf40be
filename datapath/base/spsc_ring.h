// Bounded queue of one producer thread and one consumer thread, without locks.
//
// Thread   push(), push_by() by the producer, pop(), pop_by() by the consumer, size() by anyone (approximate).
// Limits   capacity is rounded up to a power of two; push() answers false when full and leaves the
//          value untouched, so that the caller counts the loss.
// Front    kFromFront: a ring that is found empty is filled from its first slot again, so that few waiting values take
//          little memory in turn, which stays in the producer's cache.
// Source   Lamport's ring with cached indices.
// Tests    tests/unit/datapath/base/spsc_ring_test.cpp
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace bulkhead {

template <typename T, bool kFromFront = false>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}

  [[nodiscard]] bool push(T&& value) {
    return push_by([&](T& slot) { slot = std::move(value); });
  }

  // `fill` writes the slot, which holds what was there a round ago.
  template <typename Fill>
  [[nodiscard]] bool push_by(Fill&& fill) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if constexpr (kFromFront) {
      if (head != front_made_) {
        tail_seen_ = tail_.load(std::memory_order_acquire);
        // Nothing waits, so nobody reads a slot: the consumer sees the new front with the next head.
        if (tail_seen_ == head) front_.store(front_made_ = head, std::memory_order_relaxed);
      }
    }
    if (head - tail_seen_ > mask_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ > mask_) return false;
    }
    fill(slots_[(head - front_made_) & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  [[nodiscard]] bool pop(T& out) {
    return pop_by([&](T& slot) { out = std::move(slot); });
  }

  // `take` reads the slot where it is.
  template <typename Take>
  [[nodiscard]] bool pop_by(Take&& take) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_seen_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail == head_seen_) return false;
      if constexpr (kFromFront) front_seen_ = front_.load(std::memory_order_relaxed);
    }
    take(slots_[(tail - front_seen_) & mask_]);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  [[nodiscard]] std::size_t capacity() const { return mask_ + 1; }
  [[nodiscard]] std::size_t size() const {
    return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire);
  }

 private:
  const std::size_t mask_;
  std::unique_ptr<T[]> slots_;
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0, front_made_ = 0;
  std::atomic<std::size_t> front_{0};  // the number of the value that is in the first slot
  alignas(64) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0, front_seen_ = 0;
};

}  // namespace bulkhead
