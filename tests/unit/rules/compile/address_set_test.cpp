#include "rules/compile/address_set.h"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

namespace bulkhead::rules {
namespace {

IpRange range(const std::string& first, const std::string& last) {
  return {*IpAddress::parse(first), *IpAddress::parse(last)};
}

TEST(AddressSet, MergesWhatOverlapsOrTouches) {
  const AddressSet set =
      AddressSet::of({range("10.0.0.4", "10.0.0.7"), range("10.0.0.0", "10.0.0.3"), range("10.0.0.6", "10.0.0.9"),
                      range("10.0.0.11", "10.0.0.11"), range("fd00::1", "fd00::2"), range("fd00::3", "fd00::3")});
  EXPECT_EQ(set.to_string(), "10.0.0.0-10.0.0.9, 10.0.0.11, fd00::1-fd00::3");
  EXPECT_EQ(set.to_string(1), "10.0.0.0-10.0.0.9, ... 2 more");
}

TEST(AddressSet, TheEndsOfTheSpaces) {
  const AddressSet any = AddressSet::any();
  EXPECT_TRUE(any.all_v4() && any.all_v6());
  EXPECT_EQ(any.to_string(), "any");
  for (const char* a : {"0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_TRUE(any.contains(*IpAddress::parse(a)));
    const AddressSet hole = any.without(AddressSet::of({range(a, a)}));
    EXPECT_FALSE(hole.contains(*IpAddress::parse(a)));
    EXPECT_TRUE(hole.unite(AddressSet::of({range(a, a)})) == any) << a;
  }
  EXPECT_TRUE(any.without(any).empty());
  EXPECT_EQ(AddressSet().to_string(), "nothing");
}

TEST(AddressSet, FamiliesAreApart) {
  const AddressSet v4 = AddressSet::of({range("0.0.0.0", "255.255.255.255")});
  EXPECT_TRUE(v4.all_v4());
  EXPECT_FALSE(v4.contains(*IpAddress::parse("::")));
  EXPECT_EQ(AddressSet::any().without(v4).v4().size(), 0U);
  EXPECT_TRUE(AddressSet::any().without(v4).all_v6());
}

// A space of 256 addresses as a bitmap is the slow twin; both families, at both ends of the space.
class AddressSetTwin : public ::testing::TestWithParam<const char*> {};

TEST_P(AddressSetTwin, AgreesWithABitmap) {
  std::mt19937 random(11);
  const IpAddress base = *IpAddress::parse(GetParam());
  std::vector<IpAddress> space = {base};
  while (space.size() < 256) space.push_back(space.back().next());
  for (int round = 0; round < 400; ++round) {
    std::bitset<256> bits[2];
    AddressSet sets[2];
    for (int s = 0; s < 2; ++s) {
      std::vector<IpRange> ranges;
      for (unsigned n = random() % 8; n > 0; --n) {
        const std::size_t a = random() % 256, b = std::min<std::size_t>(255, a + random() % 40);
        ranges.push_back({space[a], space[b]});
        for (std::size_t i = a; i <= b; ++i) bits[s].set(i);
      }
      sets[s] = AddressSet::of(ranges);
    }
    const AddressSet both = sets[0].unite(sets[1]), less = sets[0].without(sets[1]);
    for (std::size_t i = 0; i < 256; ++i) {
      ASSERT_EQ(sets[0].contains(space[i]), bits[0][i]);
      ASSERT_EQ(both.contains(space[i]), bits[0][i] || bits[1][i]);
      ASSERT_EQ(less.contains(space[i]), bits[0][i] && !bits[1][i]) << round << " " << i;
    }
    const auto ranges = less.ranges();
    for (std::size_t i = 1; i < ranges.size(); ++i)
      ASSERT_LT(ranges[i - 1].last.next(), ranges[i].first) << "not merged";
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, AddressSetTwin,
                         ::testing::Values("10.0.0.128", "0.0.0.0", "255.255.255.0", "::", "fd00::ff80",
                                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"));

}  // namespace
}  // namespace bulkhead::rules
