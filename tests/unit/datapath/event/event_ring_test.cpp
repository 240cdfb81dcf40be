#include "datapath/event/event_ring.h"

#include <gtest/gtest.h>

#include <thread>

namespace bulkhead::event {
namespace {

Event stats_event(std::uint64_t packet) {
  StatsEvent e;
  e.header.order.packet = packet;
  return e;
}

TEST(EventRing, CountsWhatItTakesAndWhatItRefuses) {
  EventRing ring(4);
  for (std::uint64_t i = 0; i < 6; ++i) EXPECT_EQ(ring.push_or_drop(stats_event(i)), i < 4);
  EXPECT_EQ(ring.published(), 4U);
  EXPECT_EQ(ring.dropped(), 2U);
  EXPECT_EQ(ring.size(), 4U);
  Event event;
  for (std::uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.pop(event));
    EXPECT_EQ(header_of(event)->order.packet, i);
  }
  EXPECT_FALSE(ring.pop(event));
}

TEST(EventRing, AFullRingLeavesTheEventUntouched) {
  EventRing ring(2);
  ASSERT_TRUE(ring.try_push(stats_event(0)));
  ASSERT_TRUE(ring.try_push(stats_event(1)));
  Event kept = stats_event(7);
  EXPECT_FALSE(ring.try_push(std::move(kept)));
  ASSERT_TRUE(std::holds_alternative<StatsEvent>(kept));
  EXPECT_EQ(header_of(kept)->order.packet, 7U);
  EXPECT_EQ(ring.dropped(), 0U) << "a caller that tries again has lost nothing";
}

TEST(EventRing, KeepsOrderBetweenThreads) {
  constexpr std::uint64_t kCount = 20000;
  EventRing ring(64);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      Event event = stats_event(i);
      while (!ring.try_push(std::move(event))) std::this_thread::yield();
    }
  });
  Event event;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    while (!ring.pop(event)) std::this_thread::yield();
    ASSERT_EQ(header_of(event)->order.packet, i);
  }
  producer.join();
  EXPECT_EQ(ring.published(), kCount);
}

TEST(PacketSourceNames, AsEveWritesThem) {
  EXPECT_EQ(name_of(PacketSourceName::kWire), "wire/pcap");
  EXPECT_EQ(name_of(PacketSourceName::kTunnel4), "ipv4 tunnel");
  EXPECT_EQ(name_of(PacketSourceName::kFlowTimeout), "stream (flow timeout)");
}

}  // namespace
}  // namespace bulkhead::event
