#include "signatures/match/host_bits.h"

#include <gtest/gtest.h>

namespace bulkhead::signatures {
namespace {

using Command = HostbitOp::Command;
using Track = HostbitOp::Track;

HostbitOp op(Command command, Track track, std::uint32_t expire = 10) {
  HostbitOp o;
  o.command = command;
  o.track = track;
  o.expire_seconds = expire;
  return o;
}
Timestamp at(int seconds) {
  return {std::int64_t{seconds} * 1'000'000'000};
}
const IpAddress kA = IpAddress::v4(0x0a000001), kB = IpAddress::v4(0x0a000002);

TEST(HostBits, BelongToTheTrackedHostUntilTheyExpire) {
  HostBitTable table(10);
  table.change(op(Command::kSet, Track::kSource), 1, kA, kB, at(0));
  EXPECT_TRUE(table.holds(op(Command::kIsSet, Track::kSource), 1, kA, kB, at(9)));
  EXPECT_TRUE(table.holds(op(Command::kIsSet, Track::kDestination), 1, kB, kA, at(9)));
  EXPECT_FALSE(table.holds(op(Command::kIsSet, Track::kSource), 1, kB, kA, at(9)));
  EXPECT_FALSE(table.holds(op(Command::kIsSet, Track::kSource), 2, kA, kB, at(9)));
  EXPECT_FALSE(table.holds(op(Command::kIsSet, Track::kSource), 1, kA, kB, at(10)));
  EXPECT_TRUE(table.holds(op(Command::kIsNotSet, Track::kSource), 1, kA, kB, at(10)));
}

TEST(HostBits, PairIsTheSameInBothDirections) {
  HostBitTable table(10);
  table.change(op(Command::kToggle, Track::kPair, 0), 1, kA, kB, at(0));
  EXPECT_TRUE(table.holds(op(Command::kIsSet, Track::kPair), 1, kB, kA, at(100000)));
  table.change(op(Command::kToggle, Track::kPair, 0), 1, kB, kA, at(1));
  EXPECT_FALSE(table.holds(op(Command::kIsSet, Track::kPair), 1, kA, kB, at(2)));
}

TEST(HostBits, AFullTableKeepsWhatItHasAndCounts) {
  HostBitTable table(1);
  table.change(op(Command::kSet, Track::kSource), 1, kA, kB, at(0));
  table.change(op(Command::kSet, Track::kSource), 1, kB, kA, at(1));
  EXPECT_EQ(table.counters().full.value(), 1U);
  table.change(op(Command::kSet, Track::kSource), 1, kB, kA, at(20));
  EXPECT_TRUE(table.holds(op(Command::kIsSet, Track::kSource), 1, kB, kA, at(21)));
}

}  // namespace
}  // namespace bulkhead::signatures
