#include "signatures/behaviour/novelty.h"

#include <algorithm>
#include <cmath>

namespace bulkhead::behaviour {

void Novelty::learn(std::uint64_t token, std::uint32_t times) {
  if (times == 0) return;
  total_ += times;
  const auto known = counts_.find(token);
  if (known != counts_.end()) {
    if (known->second == 1) --once_;
    known->second = std::min<std::uint32_t>(known->second, UINT32_MAX - times) + times;
    return;
  }
  if (counts_.size() >= kMaxTokens) {
    full_ = true;
    return;
  }
  counts_.emplace(token, times);
  if (times == 1) ++once_;
}

void Novelty::forget(std::uint64_t token) {
  const auto known = counts_.find(token);
  if (known == counts_.end()) return;
  total_ -= std::min<std::uint64_t>(total_, known->second);
  if (known->second == 1) --once_;
  counts_.erase(known);
}

double Novelty::surprise(std::uint64_t token, std::uint64_t exposure) const {
  if (knows(token)) return 0;
  return -std::log10(static_cast<double>(once_ + 1) / static_cast<double>(total_ + exposure + 1));
}

}  // namespace bulkhead::behaviour
