// One line on stderr that follows a replay:
//   [==========>         ]  52%  1,204,511 packets  661 MB  0.84 GB/s  ETA 2 s
//
// Thread   the thread that calls show(); draws at most ten times a second.
// Errors   none; draws nothing unless stderr is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/cli/terminal.h"

namespace bulkhead::config::cli {

// The line for a moment of the run, no wider than `width`.
[[nodiscard]] std::string progress_line(std::uint64_t done_bytes, std::uint64_t total_bytes, std::uint64_t packets,
                                        double seconds, unsigned width);

class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::uint64_t done_bytes, std::uint64_t total_bytes, std::uint64_t packets);
  // Takes the line off the screen.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  Terminal terminal_;
  bool wanted_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

}  // namespace bulkhead::config::cli
