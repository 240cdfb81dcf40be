#include "signatures/compile/range_list.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace bulkhead::signatures {
namespace {

using Ports = std::vector<PortRange>;

TEST(RangeList, Merge) {
  EXPECT_EQ(merge_ranges(Ports{{5, 9}, {1, 2}, {3, 3}, {8, 20}, {30, 40}}), (Ports{{1, 3}, {5, 20}, {30, 40}}));
  EXPECT_EQ(merge_ranges(Ports{{0, 65535}, {7, 7}}), (Ports{{0, 65535}}));
  EXPECT_EQ(merge_ranges(Ports{}), Ports{});
}

TEST(RangeList, Subtract) {
  EXPECT_EQ(subtract_ranges(Ports{{10, 20}}, Ports{{10, 10}, {15, 16}, {20, 30}}), (Ports{{11, 14}, {17, 19}}));
  EXPECT_EQ(subtract_ranges(Ports{{10, 20}, {30, 40}}, Ports{{5, 35}}), (Ports{{36, 40}}));
  EXPECT_EQ(subtract_ranges(Ports{{0, 65535}}, Ports{{0, 65535}}), Ports{});
  EXPECT_EQ(subtract_ranges(Ports{{0, 65535}}, Ports{{0, 0}, {65535, 65535}}), (Ports{{1, 65534}}));
}

// Against a set of flags, one per number.
TEST(RangeList, AgreesWithAPlainSet) {
  std::mt19937 random(7);
  const auto some = [&] {
    Ports ranges;
    for (unsigned n = random() % 6; n > 0; --n) {
      const auto first = static_cast<std::uint16_t>(random() % 64);
      ranges.push_back({first, static_cast<std::uint16_t>(first + random() % 12)});
    }
    return ranges;
  };
  const auto has = [](const Ports& ranges, unsigned port) {
    for (const PortRange& r : ranges) {
      if (r.first <= port && port <= r.last) return true;
    }
    return false;
  };
  for (int round = 0; round < 2000; ++round) {
    const Ports from = some(), holes = some();
    const Ports result = subtract_ranges(merge_ranges(from), merge_ranges(holes));
    for (unsigned port = 0; port < 80; ++port) ASSERT_EQ(has(result, port), has(from, port) && !has(holes, port));
    for (std::size_t i = 1; i < result.size(); ++i) ASSERT_GT(result[i].first, result[i - 1].last);
  }
}

TEST(RangeList, Addresses) {
  const auto range = [](const char* first, const char* last) {
    return IpRange{*IpAddress::parse(first), *IpAddress::parse(last)};
  };
  const std::vector<IpRange> all{range("0.0.0.0", "255.255.255.255"),
                                 range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
  EXPECT_EQ(merge_ranges(std::vector<IpRange>{all[1], all[0]}), all);
  const auto left = subtract_ranges(all, {range("10.0.0.0", "10.255.255.255")});
  ASSERT_EQ(left.size(), 3U);
  EXPECT_EQ(left[0].last.to_string(), "9.255.255.255");
  EXPECT_EQ(left[1].first.to_string(), "11.0.0.0");
  EXPECT_EQ(left[2], all[1]);
}

}  // namespace
}  // namespace bulkhead::signatures
