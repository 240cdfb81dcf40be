// Counts of very many keys in little memory: never too low, and too high only where keys collide in every row.
//
//   of the running second, and of all seconds so far: what an edge usually does, and what it does now
//
// score = (now - mean)^2 / mean, the chi-squared of MIDAS (Bhatia et al. 2020), with its filter: a second that is far
// off does not become part of the mean, so that a long burst does not make itself normal.
//
// Thread   its owner's. Memory  kRows * kColumns * 16 bytes = 128 KB. Tests
// tests/unit/signatures/behaviour/count_min_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace bulkhead::behaviour {

class BurstSketch {
 public:
  static constexpr std::size_t kRows = 2, kColumns = 4096;
  struct Reading {
    double now = 0;   // in this second, this one included
    double mean = 0;  // of the seconds before
    double score = 0;
  };

  BurstSketch() : cells_(kRows * kColumns) {}
  // One more of the key in that second; seconds run forward.
  Reading add(std::uint64_t key, std::int64_t second);

 private:
  struct Cell {
    float now = 0;
    float sum = 0;
    std::int32_t second = 0;  // that `now` counts, from the first one on
    std::int32_t begin = 0;   // first second of the cell
  };
  static Reading read(const Cell& cell);
  std::vector<Cell> cells_;
  std::int64_t first_ = -1;
};

}  // namespace bulkhead::behaviour
