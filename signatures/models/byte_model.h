// Pairs of bytes of a client's first words: how much likelier they are in attacks than in normal traffic.
//
// Naive Bayes over hashed pairs, with their place left out: "${jndi", "/bin/sh", "CONFIG SET dir". The baseline that
// anything cleverer has to beat across sources.
//
// Thread   immutable after training. Limits  kBuckets weights of one byte each. Errors  none.
// Tests    tests/unit/signatures/models/model_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::models {

class ByteModel {
 public:
  static constexpr std::size_t kBuckets = 4096;

  // Text and whether it is an attack.
  [[nodiscard]] static ByteModel train(const std::vector<std::pair<std::string_view, bool>>& samples);
  // 0..1; 0.5 for what it knows nothing about.
  [[nodiscard]] double score(std::string_view text) const;

  [[nodiscard]] const std::array<std::int8_t, kBuckets>& weights() const { return weights_; }
  void set_weights(const std::array<std::int8_t, kBuckets>& weights) { weights_ = weights; }

 private:
  std::array<std::int8_t, kBuckets> weights_{};  // log odds in sixteenths
};

}  // namespace bulkhead::models
