#include "datapath/base/rfc3339.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

std::int64_t seconds(const char* text) {
  const auto at = parse_rfc3339(text);
  return at ? at->time_since_epoch().count() : -1;
}

TEST(Rfc3339, ReadsZonesAndFractions) {
  EXPECT_EQ(seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds("2026-01-01T12:00:00Z"), 1767268800);
  EXPECT_EQ(seconds("2026-01-01T14:00:00+02:00"), 1767268800);
  EXPECT_EQ(seconds("2026-01-01T06:30:00-05:30"), 1767268800);
  EXPECT_EQ(seconds("2026-01-01t12:00:00.987z"), 1767268800);
  EXPECT_EQ(seconds("2024-02-29 00:00:00Z"), 1709164800);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026-01-01", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
                           "2026-01-01T12:00:00", "2026-01-01T12:00:00Zz", "2026-01-01T12:00:00+2:00",
                           "2026-01-01T12:00:00.Z", "26-01-01T12:00:00Z", "2026-01-01T12:60:00Z", "tomorrow"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace bulkhead
