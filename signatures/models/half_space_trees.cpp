#include "signatures/models/half_space_trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>

namespace bulkhead::models {

namespace {

constexpr std::size_t kNodes = (std::size_t{1} << HalfSpaceTrees::kDepth) - 1;
// How far each feature goes: flags and shares to 1, logarithms to what a flow can have.
constexpr std::array<float, kFeatures> kMost = {1, 1,  1,  1,  1,  1,  1, 1, 1, 1, 32, 32, 20, 20,
                                                1, 12, 12, 24, 12, 20, 8, 1, 1, 1, 8,  8,  8,  8};

// A half a tree over a range that is not centred, as the paper does: trees differ in where they cut.
using Ranges = std::array<std::pair<float, float>, kFeatures>;

}  // namespace

HalfSpaceTrees::HalfSpaceTrees(std::uint64_t seed) : nodes_(kTrees * kNodes) {
  std::mt19937_64 random(seed);
  const auto unit = [&] { return static_cast<float>(random() >> 40) / static_cast<float>(1U << 24); };
  for (std::size_t tree = 0; tree < kTrees; ++tree) {
    std::vector<Ranges> ranges(kNodes);
    for (std::size_t feature = 0; feature < kFeatures; ++feature) {
      const float centre = unit(), reach = 2 * std::max(centre, 1 - centre);
      ranges[0][feature] = {(centre - reach) * kMost[feature], (centre + reach) * kMost[feature]};
    }
    for (std::size_t i = 0; i < kNodes; ++i) {
      Node& node = nodes_[tree * kNodes + i];
      node.feature = static_cast<std::uint16_t>(random() % kFeatures);
      const auto [low, high] = ranges[i][node.feature];
      node.half = (low + high) / 2;
      for (const std::size_t child : {2 * i + 1, 2 * i + 2}) {
        if (child >= kNodes) continue;
        ranges[child] = ranges[i];
        (child == 2 * i + 1 ? ranges[child][node.feature].second : ranges[child][node.feature].first) = node.half;
      }
    }
  }
}

double HalfSpaceTrees::take(const Features& features) {
  double unusual = 0;
  for (std::size_t tree = 0; tree < kTrees; ++tree) {
    Node* const nodes = &nodes_[tree * kNodes];
    bool counted = false;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < kNodes; ++depth) {
      Node& node = nodes[i];
      ++node.latest;
      if (!counted && (node.reference <= kEnough || 2 * i + 1 >= kNodes)) {
        unusual += 1 / (1 + node.reference * std::ldexp(1.0, static_cast<int>(depth)) / kWindow);
        counted = true;
      }
      i = 2 * i + (features[node.feature] < node.half ? 1 : 2);
    }
  }
  if (++seen_ % kWindow == 0) {
    for (Node& node : nodes_) node.reference = std::exchange(node.latest, 0);
  }
  if (seen_ <= kWindow) return 0;  // nothing to compare with yet
  return unusual / kTrees;
}

}  // namespace bulkhead::models
