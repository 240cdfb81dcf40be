#include "datapath/io/burst_gather.h"

#include <sys/prctl.h>
#include <time.h>

#include <utility>

namespace bulkhead::io {

namespace {
constexpr auto kWindow = std::chrono::milliseconds(1);
constexpr std::uint32_t kManyPackets = 50;  // in a window
}  // namespace

void BurstGather::wait(std::size_t last, std::size_t enough) {
  if (moment_ == moment_.zero()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - window_begin_ >= kWindow) {
    many_ = now - window_begin_ < 2 * kWindow && window_packets_ >= kManyPackets;
    window_begin_ = now;
    window_packets_ = 0;
  }
  if (!many_ || last >= enough) return;
  if (!std::exchange(slack_is_small_, true)) ::prctl(PR_SET_TIMERSLACK, 1000UL);  // ns; the kernel adds 50,000 else
  const timespec moment{0, static_cast<long>(std::chrono::nanoseconds(moment_).count())};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, nullptr);
}

}  // namespace bulkhead::io
