// Many packets a second that come one by one cost a wake-up each, which is more than their inspection. Then a moment is
// waited without being woken, so that they come together.
//
// Thread   the reader's.
// Tests    through tests/netns/nfqueue_source_test.cpp and wire_netns_test.cpp
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bulkhead::io {

class BurstGather {
 public:
  // 0: never.
  explicit BurstGather(std::chrono::microseconds moment) : moment_(moment) {}

  void add(std::uint32_t packets) { window_packets_ += packets; }
  // Before a read; the one before brought `last`, and from `enough` on nobody needs to wait.
  void wait(std::size_t last, std::size_t enough);

 private:
  const std::chrono::microseconds moment_;
  std::chrono::steady_clock::time_point window_begin_;
  std::uint32_t window_packets_ = 0;
  bool many_ = false;  // packets in the window before
  bool slack_is_small_ = false;
};

}  // namespace bulkhead::io
