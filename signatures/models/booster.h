// Gradient-boosted trees (XGBoost's C API): training, scores, and what each feature adds to a score.
//
// Thread   train() on the main thread; score() by one thread, which owns the booster.
// Errors   Result with XGBoost's text; without the library (BULKHEAD_XGBOOST=OFF) every call says so, has_booster() is
//          false, and the rest of the models works.
// Limits   kRounds trees of depth kDepth; a model of kMostBytes. Tests  tests/unit/signatures/models/model_test.cpp
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/result.h"
#include "signatures/models/features.h"

namespace bulkhead::models {

[[nodiscard]] bool has_booster();

class Booster {
 public:
  static constexpr int kRounds = 60, kDepth = 5;
  static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

  Booster();
  ~Booster();
  Booster(Booster&&) noexcept;
  Booster& operator=(Booster&&) noexcept;

  [[nodiscard]] static Result<Booster> train(const std::vector<Features>& rows, const std::vector<float>& labels,
                                             const std::vector<float>& weights);
  [[nodiscard]] static Result<Booster> load(std::string_view bytes);
  [[nodiscard]] std::string save() const;  // empty: failed

  // 0..1; -1: failed.
  [[nodiscard]] double score(const Features& features) const;
  [[nodiscard]] std::vector<double> scores(const std::vector<Features>& rows) const;
  // What the features add to the score's log odds (exact, by paths of the trees), the largest first.
  [[nodiscard]] std::vector<std::pair<std::size_t, float>> explain(const Features& features) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::models
