// How many packets passed the queues unseen: `inline.fail: open` lets through what is too much, and the kernel counts
// it nowhere. The rule ahead of the queues has counted all; less what the workers got, what waits and what was lost,
// that is it.
//
// Thread   one; value() any. Meaning  of packets that move while it looks, some count later; at rest it is exact.
// Tests    tests/unit/config/daemon/queue_books_test.cpp, tests/overload/overload_test.py
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace bulkhead::config {

class QueueBooks {
 public:
  // `offered`: of the rule. It begins anew when the rule does; what came between two looks then is not known.
  void look(std::uint64_t offered, std::uint64_t taken, std::uint64_t waiting, std::uint64_t lost) {
    const std::uint64_t known = taken + waiting + lost;
    if (last_ && offered >= last_->offered) {
      unseen_ += static_cast<std::int64_t>(offered - last_->offered) - static_cast<std::int64_t>(known - last_->known);
    }
    last_ = Look{offered, known};
    value_.store(static_cast<std::uint64_t>(std::max<std::int64_t>(unseen_, 0)), std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  struct Look {
    std::uint64_t offered = 0, known = 0;
  };
  std::optional<Look> last_;
  std::int64_t unseen_ = 0;
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace bulkhead::config
