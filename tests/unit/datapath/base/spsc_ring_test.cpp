#include "datapath/base/spsc_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

namespace bulkhead {
namespace {

TEST(SpscRing, CapacityIsRoundedUp) {
  EXPECT_EQ(SpscRing<int>(0).capacity(), 2U);
  EXPECT_EQ(SpscRing<int>(5).capacity(), 8U);
  EXPECT_EQ(SpscRing<int>(8).capacity(), 8U);
}

TEST(SpscRing, FirstInFirstOutAndFull) {
  SpscRing<int> ring(4);
  int out = 0;
  EXPECT_FALSE(ring.pop(out));
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(round * 4 + i));
    EXPECT_EQ(ring.size(), 4U);
    EXPECT_FALSE(ring.push(99));
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(ring.pop(out));
      EXPECT_EQ(out, round * 4 + i);
    }
    EXPECT_FALSE(ring.pop(out));
  }
}

TEST(SpscRing, AFullRingLeavesTheValueAlone) {
  SpscRing<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.push(std::move(third)));
  ASSERT_NE(third, nullptr);  // NOLINT(bugprone-use-after-move): push() only moves on success
  EXPECT_EQ(*third, 3);
}

TEST(SpscRing, FromTheFrontWhenNothingWaits) {
  SpscRing<int, true> ring(4);
  const int* first = nullptr;
  int out = 0;
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(ring.push(int{round}));
    ASSERT_TRUE(ring.push(round + 10));
    ASSERT_TRUE(ring.pop_by([&](int& slot) {
      if (first == nullptr) first = &slot;
      EXPECT_EQ(&slot, first);
      EXPECT_EQ(slot, round);
    }));
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, round + 10);
  }
  // While one waits, it goes round as any other, and is full where it should be.
  ASSERT_TRUE(ring.push(0));
  for (int i = 1; i < 20; ++i) {
    ASSERT_TRUE(ring.push(int{i}));
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, i - 1);
  }
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(ring.push(20 + i));
  EXPECT_FALSE(ring.push(99));
  EXPECT_EQ(ring.size(), 4U);
  for (int i = 19; i < 23; ++i) {
    ASSERT_TRUE(ring.pop(out));
    EXPECT_EQ(out, i);
  }
  EXPECT_FALSE(ring.pop(out));
}

template <bool kFromFront>
void run_two_threads() {
  constexpr std::uint64_t kCount = 200'000;
  SpscRing<std::uint64_t, kFromFront> ring(64);
  std::thread producer([&] {
    for (std::uint64_t i = 1; i <= kCount;) {
      if (ring.push(std::uint64_t{i})) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t expected = 1, value = 0;
  while (expected <= kCount) {
    if (!ring.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    if (value != expected) break;
    ++expected;
  }
  while (expected <= kCount && ring.pop(value)) {
  }
  producer.join();
  EXPECT_EQ(expected, kCount + 1);
}

TEST(SpscRing, TwoThreads) {
  run_two_threads<false>();
}

TEST(SpscRing, TwoThreadsFromTheFront) {
  run_two_threads<true>();
}

}  // namespace
}  // namespace bulkhead
