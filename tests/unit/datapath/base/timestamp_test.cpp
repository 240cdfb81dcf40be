#include "datapath/base/timestamp.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Timestamp, WritesWhatEveReads) {
  EXPECT_EQ(to_iso8601({0}), "1970-01-01T00:00:00.000000+0000");
  EXPECT_EQ(to_iso8601({1'756'123'200'123'456'789}), "2025-08-25T12:00:00.123456+0000");
  EXPECT_EQ(to_iso8601({951'782'400'000'000'000}), "2000-02-29T00:00:00.000000+0000");
  EXPECT_EQ(to_iso8601({0}).size(), kIso8601Length);
}

TEST(Timestamp, BeforeTheEpochRoundsDown) {
  EXPECT_EQ(to_iso8601({-1}), "1969-12-31T23:59:59.999999+0000");
  EXPECT_EQ(Timestamp{-1}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1'000'000'000}.seconds(), -1);
  EXPECT_EQ(Timestamp{-1'000'000'001}.seconds(), -2);
  EXPECT_EQ(Timestamp{-1'500'000'000}.microseconds_part(), 500'000);
}

TEST(Timestamp, Arithmetic) {
  const Timestamp start{5'000'000'000};
  EXPECT_EQ((start + std::chrono::milliseconds(1500)).ns, 6'500'000'000);
  EXPECT_EQ(start - Timestamp{4'000'000'000}, std::chrono::seconds(1));
  EXPECT_LT(start, start + Nanoseconds(1));
}

TEST(Timestamp, ExtremesStayInTheBuffer) {
  EXPECT_EQ(to_iso8601({INT64_MAX}).substr(0, 4), "2262");
  EXPECT_EQ(to_iso8601({INT64_MIN}).substr(0, 4), "1677");
}

}  // namespace
}  // namespace bulkhead
