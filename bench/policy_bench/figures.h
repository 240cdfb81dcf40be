// Figures of a series, and time as the kernel counts it.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bulkhead::bench {

[[nodiscard]] inline double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
[[nodiscard]] inline double wall() {
  return seconds_of(CLOCK_MONOTONIC);
}

// The value below which `part` (0 to 1) of the series lies.
[[nodiscard]] inline double quantile(std::vector<double> series, double part) {
  if (series.empty()) return 0;
  std::sort(series.begin(), series.end());
  const auto at = static_cast<std::size_t>(part * static_cast<double>(series.size()));
  return series[std::min(at, series.size() - 1)];
}

}  // namespace bulkhead::bench
