#include "datapath/pipeline/ordered_gate.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace bulkhead::pipeline {
namespace {

// Packets 1..n dealt to workers at random: whatever the threads do, shared state sees them in order.
TEST(OrderedGate, SharedStateIsTouchedInPacketOrder) {
  constexpr std::uint64_t kPackets = 20000;
  constexpr std::size_t kWorkers = 4;
  std::mt19937 random(7);
  std::vector<std::vector<std::uint64_t>> dealt(kWorkers);
  for (std::uint64_t n = 1; n <= kPackets; ++n) dealt[random() % kWorkers].push_back(n);

  OrderedGate gate(kWorkers);
  std::vector<std::uint64_t> seen;
  std::vector<std::thread> threads;
  for (std::size_t w = 0; w < kWorkers; ++w) {
    threads.emplace_back([&, w] {
      for (const std::uint64_t n : dealt[w]) {
        gate.advance(w, n);
        if (n % 3 != 0) continue;  // only some packets touch shared state
        const auto lock = gate.enter(n);
        seen.push_back(n);
      }
      gate.advance(w, UINT64_MAX);
    });
  }
  for (auto& t : threads) t.join();
  ASSERT_EQ(seen.size(), kPackets / 3);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

}  // namespace
}  // namespace bulkhead::pipeline
