#include "config/cli/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace bulkhead::config::cli {

std::string progress_line(std::uint64_t done_bytes, std::uint64_t total_bytes, std::uint64_t packets, double seconds,
                          unsigned width) {
  const double share =
      total_bytes == 0 ? 0 : std::min(1.0, static_cast<double>(done_bytes) / static_cast<double>(total_bytes));
  const double rate = seconds > 0 ? static_cast<double>(done_bytes) / seconds : 0;
  std::string right = "  " + with_commas(packets) + " packets  " + human_bytes(static_cast<double>(done_bytes)) + "  " +
                      human_bytes(rate) + "/s";
  if (rate > 0 && share > 0.01 && share < 1) {
    const double left = (static_cast<double>(total_bytes) - static_cast<double>(done_bytes)) / rate;
    right += "  ETA " + (left < 59.5 ? std::to_string(static_cast<int>(left + 0.999)) + " s" : human_seconds(left));
  }
  std::array<char, 8> percent{};
  std::snprintf(percent.data(), percent.size(), " %3d%%", static_cast<int>(share * 100));
  right = percent.data() + right;
  constexpr std::size_t kMostBar = 40;
  const std::size_t room = width > right.size() + 3 ? width - right.size() - 3 : 0;
  const std::size_t bar = std::min(room, kMostBar);
  if (bar < 8) return right.substr(0, width > 1 ? width - 1 : 0);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(bar));
  std::string line = "[" + std::string(full, '=');
  if (full < bar) line += ">" + std::string(bar - full - 1, ' ');
  return line + "]" + right;
}

ProgressBar::ProgressBar(bool wanted) : terminal_(Terminal::of(STDERR_FILENO)), wanted_(wanted && terminal_.tty) {}

void ProgressBar::show(std::uint64_t done_bytes, std::uint64_t total_bytes, std::uint64_t packets) {
  constexpr std::chrono::milliseconds kInterval{100};
  if (!wanted_) return;
  const auto now = Clock::now();
  if (drawn_ && now - last_ < kInterval && done_bytes < total_bytes) return;
  last_ = now;
  drawn_ = true;
  terminal_ = Terminal::of(STDERR_FILENO);  // the window may have been resized
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const std::string line = "\r\x1b[K" + progress_line(done_bytes, total_bytes, packets, seconds, terminal_.width);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace bulkhead::config::cli
