// How surprising a token is that was never seen: the chance of anything new, by Good and Turing.
//
//   surprise = -log10((tokens seen once + 1) / (tokens seen in all + 1))         0 for what has been seen
//
// A service with five verbs in ten thousand requests is surprised by a sixth (4); one that takes another path each time
// is not (about 0).
//
// Thread   its owner's. Limits  kMaxTokens distinct ones; a context that overflows is surprised by nothing.
// Source   I. J. Good, The population frequencies of species (1953). Tests
// tests/unit/signatures/behaviour/novelty_test.cpp
#pragma once

#include <cstdint>
#include <unordered_map>

namespace bulkhead::behaviour {

class Novelty {
 public:
  static constexpr std::size_t kMaxTokens = 4096;

  void learn(std::uint64_t token, std::uint32_t times = 1);
  void forget(std::uint64_t token);
  [[nodiscard]] bool knows(std::uint64_t token) const { return full_ || counts_.contains(token); }
  // `exposure`: further occasions on which nothing new was seen.
  [[nodiscard]] double surprise(std::uint64_t token, std::uint64_t exposure = 0) const;
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::size_t distinct() const { return counts_.size(); }
  [[nodiscard]] const std::unordered_map<std::uint64_t, std::uint32_t>& counts() const { return counts_; }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> counts_;
  std::uint64_t total_ = 0;
  std::uint32_t once_ = 0;
  bool full_ = false;
};

}  // namespace bulkhead::behaviour
