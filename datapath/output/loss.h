// Why an output did not deliver a record: each has a counter of its own, output.NAME.lost_to.REASON.
//
// Thread   one writer of a LossCounters, any readers.
// Tests    tests/unit/datapath/output/queued_output_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "datapath/base/counters.h"

namespace bulkhead::output {

enum class LossReason : std::uint8_t {
  kQueueFull,   // the receiver is slower than the events, or away for too long
  kTooLarge,    // more than the transport takes in one piece
  kRefused,     // the receiver answered that it does not want it
  kUnwritable,  // a file whose buffer is full and that cannot be written
  kUnsent,      // still waiting when the program ended
};
inline constexpr std::size_t kLossReasons = 5;

[[nodiscard]] constexpr std::string_view name_of(LossReason reason) {
  switch (reason) {
    case LossReason::kQueueFull: return "queue_full";
    case LossReason::kTooLarge: return "too_large";
    case LossReason::kRefused: return "refused";
    case LossReason::kUnwritable: return "unwritable";
    case LossReason::kUnsent: return "unsent";
  }
  return "unsent";
}

using Losses = std::array<std::uint64_t, kLossReasons>;  // by LossReason

class LossCounters {
 public:
  void add(LossReason reason, std::uint64_t n = 1) { counters_[static_cast<std::size_t>(reason)].add(n); }
  void add_to(Losses& sum) const {
    for (std::size_t i = 0; i < kLossReasons; ++i) sum[i] += counters_[i].value();
  }

 private:
  std::array<Counter, kLossReasons> counters_;
};

[[nodiscard]] inline std::uint64_t sum_of(const Losses& losses) {
  return std::accumulate(losses.begin(), losses.end(), std::uint64_t{0});
}

}  // namespace bulkhead::output
