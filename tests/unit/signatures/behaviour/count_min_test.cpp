#include "signatures/behaviour/count_min.h"

#include <gtest/gtest.h>

namespace bulkhead::behaviour {
namespace {

TEST(BurstSketch, ABurstIsFarFromTheMeanAndDoesNotMoveIt) {
  BurstSketch sketch;
  for (std::int64_t second = 1000; second < 1100; ++second) {
    for (int i = 0; i < 2; ++i) {
      const auto reading = sketch.add(7, second);
      EXPECT_TRUE(second == 1000 || reading.score < 25) << "before the first second is over there is no mean";
    }
  }
  for (std::int64_t second = 1100; second < 1160; ++second) {
    BurstSketch::Reading reading;
    for (int i = 0; i < 100; ++i) reading = sketch.add(7, second);
    EXPECT_EQ(reading.now, 100);
    EXPECT_GT(reading.score, 1000) << "still, after a minute of it";
    EXPECT_LT(reading.mean, 3);
  }
}

TEST(BurstSketch, NeverTooLowWithManyKeys) {
  BurstSketch sketch;
  for (std::uint64_t key = 0; key < 3000; ++key) static_cast<void>(sketch.add(key, 5));
  for (int i = 0; i < 9; ++i) static_cast<void>(sketch.add(1, 5));
  EXPECT_GE(sketch.add(1, 5).now, 11);
  EXPECT_LE(sketch.add(1, 5).now, 20) << "collisions in both rows are rare";
}

TEST(BurstSketch, TimeThatRunsBackIsNoNewSecond) {
  BurstSketch sketch;
  static_cast<void>(sketch.add(1, 100));
  EXPECT_EQ(sketch.add(1, 99).now, 2);
  EXPECT_EQ(sketch.add(1, 100).now, 3);
}

}  // namespace
}  // namespace bulkhead::behaviour
