#include "datapath/flow/timer_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace bulkhead::flow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::uint32_t> take(TimerWheel& wheel, std::int64_t second) {
  std::vector<std::uint32_t> out;
  wheel.take_until(second, out);
  return out;
}

TEST(TimerWheel, TakesWhatIsDueAndKeepsTheRest) {
  TimerWheel wheel;
  wheel.grow(8);
  wheel.start(100);
  wheel.schedule(1, 105);
  wheel.schedule(2, 105);
  wheel.schedule(3, 106);
  EXPECT_THAT(take(wheel, 104), IsEmpty());
  EXPECT_THAT(take(wheel, 105), UnorderedElementsAre(1, 2));
  EXPECT_FALSE(wheel.scheduled(1));
  EXPECT_THAT(take(wheel, 106), ElementsAre(3));
}

TEST(TimerWheel, CancelAndReschedule) {
  TimerWheel wheel;
  wheel.grow(8);
  wheel.start(0);
  for (std::uint32_t i = 0; i < 4; ++i) wheel.schedule(i, 10);
  wheel.cancel(2);
  wheel.schedule(1, 5);
  EXPECT_THAT(take(wheel, 9), ElementsAre(1));
  EXPECT_THAT(take(wheel, 10), UnorderedElementsAre(0, 3));
}

TEST(TimerWheel, PastAndFarFutureAreClamped) {
  TimerWheel wheel;
  wheel.grow(8);
  wheel.start(1000);
  wheel.schedule(0, 3);
  wheel.schedule(1, 1'000'000);
  EXPECT_THAT(take(wheel, 1000), ElementsAre(0));
  EXPECT_EQ(wheel.second(1), 1000 + TimerWheel::kSlots - 1);
  EXPECT_THAT(take(wheel, 5000), ElementsAre(1)) << "the owner finds that its true deadline is later";
}

TEST(TimerWheel, AgreesWithAMap) {
  TimerWheel wheel;
  wheel.grow(200);
  wheel.start(0);
  std::map<std::uint32_t, std::int64_t> expected;
  std::uint32_t random = 1;
  const auto next = [&](std::uint32_t n) { return (random = random * 1664525U + 1013904223U, (random >> 8) % n); };
  for (std::int64_t now = 0; now < 3000; now += next(40)) {
    for (int i = 0; i < 20; ++i) {
      const std::uint32_t index = next(200);
      if (next(4) == 0) {
        wheel.cancel(index);
        expected.erase(index);
      } else {
        expected[index] = now + next(900);
        wheel.schedule(index, expected[index]);
      }
    }
    for (const std::uint32_t index : take(wheel, now)) {
      ASSERT_TRUE(expected.contains(index));
      EXPECT_LE(expected[index], now);
      expected.erase(index);
    }
    for (const auto& [index, second] : expected) ASSERT_GT(second, now) << index;
  }
}

}  // namespace
}  // namespace bulkhead::flow
