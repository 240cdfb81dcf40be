#include "datapath/base/spsc_byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <thread>

namespace bulkhead {
namespace {

std::uint32_t next(std::uint32_t& state) {
  state = state * 1664525 + 1013904223;
  return state >> 8;
}

bool push(SpscByteRing& ring, const std::string& text, std::size_t most) {
  Byte* const room = ring.claim(most);
  if (room == nullptr) return false;
  std::copy(text.begin(), text.end(), room);
  ring.commit(text.size());
  return true;
}

std::string pop(SpscByteRing& ring) {
  const ByteSpan record = ring.front();
  const std::string out(record.begin(), record.end());
  if (!out.empty()) ring.pop();
  return out;
}

TEST(SpscByteRing, HasRoomForTheLargestTwice) {
  EXPECT_GE(SpscByteRing(0).capacity(), 2 * SpscByteRing::kMostBytes);
  EXPECT_EQ(SpscByteRing(20001).capacity(), 20008U);
}

// Against a queue that holds anything: the same records in the same order, refused only where there is no room.
TEST(SpscByteRing, KeepsRecordsOfAnySizeInOrder) {
  SpscByteRing ring(0);
  std::deque<std::string> twin;
  std::uint32_t state = 1;
  std::size_t refused = 0, waiting = 0;
  for (int step = 0; step < 200000; ++step) {
    // In turns more comes than goes, and more goes than comes.
    const bool in = next(state) % 100 < ((step / 500) % 2 == 0 ? 70U : 30U);
    if (in) {
      const std::size_t most = 1 + next(state) % 400, size = 1 + next(state) % most;
      const std::string text(size, static_cast<char>('a' + step % 26));
      if (push(ring, text, most)) {
        twin.push_back(text);
        waiting += size;
      } else {
        ++refused;
        EXPECT_GT(waiting * 2 + most * 2, ring.capacity() / 2) << "refused with " << waiting << " bytes waiting";
      }
    } else {
      const std::string text = pop(ring);
      EXPECT_EQ(text, twin.empty() ? "" : twin.front());
      if (twin.empty()) continue;
      waiting -= text.size();
      twin.pop_front();
    }
    ASSERT_EQ(ring.empty(), twin.empty());
  }
  EXPECT_GT(refused, 100U);
}

TEST(SpscByteRing, BeginsAtItsFrontWhenNothingWaits) {
  SpscByteRing ring(0);
  const Byte* const front = ring.claim(100);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(ring.claim(100), front);
    EXPECT_TRUE(push(ring, std::string(100, 'x'), 100));
    EXPECT_EQ(pop(ring), std::string(100, 'x'));
  }
}

TEST(SpscByteRing, WhatIsClaimedAndNotCommittedNeverWas) {
  SpscByteRing ring(0);
  EXPECT_NE(ring.claim(10), nullptr);
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.front().empty());
  EXPECT_TRUE(push(ring, "one", 10));
  EXPECT_EQ(pop(ring), "one");
}

TEST(SpscByteRing, TwoThreads) {
  SpscByteRing ring(0);
  constexpr std::uint32_t kRecords = 300000;
  std::thread producer([&] {
    std::uint32_t state = 7;
    for (std::uint32_t i = 0; i < kRecords;) {
      Byte* const room = ring.claim(64);
      if (room == nullptr) {
        std::this_thread::yield();
        continue;
      }
      const std::size_t size = sizeof i + next(state) % 60;
      std::memcpy(room, &i, sizeof i);
      std::memset(room + sizeof i, static_cast<int>(i & 0xff), size - sizeof i);
      ring.commit(size);
      ++i;
    }
  });
  std::uint32_t state = 7, wrong = 0;
  for (std::uint32_t i = 0; i < kRecords;) {
    const ByteSpan record = ring.front();
    if (record.empty()) {
      std::this_thread::yield();
      continue;
    }
    std::uint32_t number = 0;
    std::memcpy(&number, record.data(), sizeof number);
    wrong += number != i || record.size() != sizeof i + next(state) % 60 ? 1 : 0;
    for (const Byte b : record.subspan(sizeof i)) wrong += b != static_cast<Byte>(i) ? 1 : 0;
    ring.pop();
    ++i;
  }
  producer.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace bulkhead
