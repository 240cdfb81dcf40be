// Named event counters: one writer (the worker), any number of readers, no lock.
//
// Thread   add() by the owning thread only; value() by any thread, may be a moment old.
// Units    events, or bytes where the name says so.
#pragma once

#include <atomic>
#include <cstdint>

namespace bulkhead {

// A counter with one writer: a relaxed load and store instead of a locked add.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter& other) : value_(other.value()) {}
  Counter& operator=(const Counter& other) {
    value_.store(other.value(), std::memory_order_relaxed);
    return *this;
  }
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void sub(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace bulkhead
