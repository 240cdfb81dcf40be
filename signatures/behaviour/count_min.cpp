#include "signatures/behaviour/count_min.h"

#include <algorithm>

namespace bulkhead::behaviour {

namespace {

constexpr double kFar = 25;         // of a score: such a second is left out of the mean
constexpr double kLeastMean = 0.1;  // of what is rarer the mean says nothing

std::size_t column(std::uint64_t key, std::size_t row) {
  std::uint64_t x = key + 0x9e3779b97f4a7c15ULL * (row + 1);  // splitmix64
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::size_t>((x ^ (x >> 31)) % BurstSketch::kColumns);
}

}  // namespace

BurstSketch::Reading BurstSketch::read(const Cell& cell) {
  Reading out;
  out.now = cell.now;
  const int seconds = cell.second - cell.begin;
  out.mean = seconds == 0 ? 0 : static_cast<double>(cell.sum) / seconds;
  const double mean = std::max(out.mean, kLeastMean);
  out.score = out.now <= out.mean ? 0 : (out.now - out.mean) * (out.now - out.mean) / mean;
  return out;
}

BurstSketch::Reading BurstSketch::add(std::uint64_t key, std::int64_t second) {
  if (first_ < 0) first_ = second;
  const auto at = static_cast<std::int32_t>(std::clamp<std::int64_t>(second - first_ + 1, 1, INT32_MAX));
  Reading out;
  for (std::size_t row = 0; row < kRows; ++row) {
    Cell& cell = cells_[row * kColumns + column(key, row)];
    if (cell.second == 0) {
      cell.second = cell.begin = at;
    } else if (at > cell.second) {
      const Reading before = read(cell);
      const bool far = before.score > kFar && cell.second > cell.begin;
      cell.sum += static_cast<float>(far ? before.mean : before.now);
      cell.now = 0;
      cell.second = at;
    }
    ++cell.now;
    const Reading reading = read(cell);
    if (row == 0 || reading.now < out.now) out = reading;
  }
  return out;
}

}  // namespace bulkhead::behaviour
