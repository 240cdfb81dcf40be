#include "signatures/models/byte_model.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace bulkhead::models {

namespace {

// Three bytes a piece; each bucket once a text, so that a long one does not speak louder.
std::set<std::size_t> pieces(std::string_view text) {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    std::uint32_t x = 0;
    for (std::size_t j = 0; j < 3; ++j) x = x << 8 | static_cast<unsigned char>(text[i + j]);
    x *= 2654435761U;
    out.insert((x >> 16) % ByteModel::kBuckets);
  }
  return out;
}

}  // namespace

ByteModel ByteModel::train(const std::vector<std::pair<std::string_view, bool>>& samples) {
  std::vector<double> of[2] = {std::vector<double>(kBuckets), std::vector<double>(kBuckets)};
  double total[2] = {0, 0};
  for (const auto& [text, attack] : samples) {
    ++total[attack ? 1 : 0];
    for (const std::size_t piece : pieces(text)) ++of[attack ? 1 : 0][piece];
  }
  ByteModel out;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const double attack = (of[1][i] + 0.5) / (total[1] + 1), normal = (of[0][i] + 0.5) / (total[0] + 1);
    if (of[0][i] + of[1][i] == 0) continue;
    out.weights_[i] = static_cast<std::int8_t>(std::clamp(std::lround(16 * std::log(attack / normal)), -127L, 127L));
  }
  return out;
}

double ByteModel::score(std::string_view text) const {
  const auto found = pieces(text);
  if (found.empty()) return 0.5;
  double sum = 0;
  for (const std::size_t piece : found) sum += weights_[piece];
  return 1 / (1 + std::exp(-sum / 16 / std::sqrt(static_cast<double>(found.size()))));
}

}  // namespace bulkhead::models
