// How unusual a flow is among those that came shortly before, without labels: a rank, no verdict.
//
// Trees that halve random features at random places; where few flows have come before, a flow is unusual. Counts of a
// window are the reference of the next one, so that the measure follows what drifts.
//
// Thread   its owner's. Memory  kTrees * 2^kDepth * 8 bytes = 100 KB. Source   S. C. Tan, K. M. Ting, T. F. Liu, Fast
// anomaly detection for streaming data (2011). Tests  tests/unit/signatures/models/model_test.cpp
#pragma once

#include <cstdint>
#include <vector>

#include "signatures/models/features.h"

namespace bulkhead::models {

class HalfSpaceTrees {
 public:
  static constexpr std::size_t kTrees = 25, kDepth = 9, kWindow = 512;
  static constexpr std::uint32_t kEnough = 8;  // flows at a node: further down they say nothing

  explicit HalfSpaceTrees(std::uint64_t seed = 1);
  // 0 usual .. 1 nothing like it in the last window; takes it in as well.
  double take(const Features& features);

 private:
  struct Node {
    std::uint16_t feature = 0;
    float half = 0;
    std::uint32_t reference = 0, latest = 0;
  };
  std::vector<Node> nodes_;  // tree after tree, each a heap
  std::size_t seen_ = 0;
};

}  // namespace bulkhead::models
