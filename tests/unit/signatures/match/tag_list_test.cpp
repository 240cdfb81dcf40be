#include "signatures/match/tag_list.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

using Metric = TagSpec::Metric;

Timestamp at(std::int64_t seconds) {
  return {seconds * 1'000'000'000};
}
TagSpec spec(Metric metric, std::uint32_t count) {
  return {.metric = metric, .count = count};
}

TEST(TagList, PacketsAfterTheFirst) {
  TagList list;
  list.add(spec(Metric::kPackets, 4), 1, at(0));
  int logged = 0;
  for (int i = 0; i < 10; ++i) logged += list.take_packet(at(i), 100) ? 1 : 0;
  EXPECT_EQ(logged, 3);
  EXPECT_TRUE(list.empty());
}

TEST(TagList, BytesCountTheFirstPacketToo) {
  TagList list;
  list.add(spec(Metric::kBytes, 250), 1, at(0));
  EXPECT_FALSE(list.take_packet(at(0), 100));
  EXPECT_TRUE(list.take_packet(at(0), 100));
  EXPECT_FALSE(list.take_packet(at(0), 100));
  EXPECT_TRUE(list.empty());
}

TEST(TagList, SecondsHaveTheirEnd) {
  TagList list;
  list.add(spec(Metric::kSeconds, 5), 1, at(10));
  EXPECT_FALSE(list.take_packet(at(10), 1));
  EXPECT_TRUE(list.take_packet(at(15), 1));
  EXPECT_FALSE(list.take_packet(at(16), 1));
  EXPECT_TRUE(list.empty());
}

TEST(TagList, ARuleThatAlertsAgainStartsAnewAFewTimes) {
  TagList list;
  int logged = 0;
  list.add(spec(Metric::kPackets, 2), 1, at(0));
  EXPECT_FALSE(list.take_packet(at(0), 1));
  for (int i = 0; i < TagList::kMostRestarts; ++i) {
    list.add(spec(Metric::kPackets, 2), 1, at(0));
    logged += list.take_packet(at(0), 1) ? 1 : 0;
  }
  EXPECT_EQ(logged, TagList::kMostRestarts);
  list.add(spec(Metric::kPackets, 2), 1, at(0));  // no restart is left: the tag runs out
  EXPECT_TRUE(list.take_packet(at(0), 1));
  EXPECT_FALSE(list.take_packet(at(0), 1));
}

TEST(TagList, TwoTagsLogAPacketOnce) {
  TagList list;
  list.add(spec(Metric::kPackets, 10), 1, at(0));
  list.add(spec(Metric::kPackets, 3), 2, at(0));
  EXPECT_FALSE(list.take_packet(at(0), 1));
  EXPECT_TRUE(list.take_packet(at(0), 1));
}

TEST(HostTagTable, ByHostWithALimit) {
  HostTagTable table(1);
  const IpAddress a = IpAddress::v4(0x0a000001), b = IpAddress::v4(0x0a000002);
  table.add(a, spec(Metric::kPackets, 2), 1, at(0));
  table.add(b, spec(Metric::kPackets, 2), 1, at(0));
  EXPECT_EQ(table.counters().full.value(), 1U);
  EXPECT_FALSE(table.take_packet(a, at(0), 1));
  EXPECT_TRUE(table.take_packet(a, at(0), 1));
  EXPECT_FALSE(table.take_packet(a, at(0), 1));
  table.add(b, spec(Metric::kPackets, 2), 1, at(0));  // the place of a is free
  EXPECT_EQ(table.counters().full.value(), 1U);
}

}  // namespace
}  // namespace bulkhead::signatures
