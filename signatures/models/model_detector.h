// A model as a detector among others: it ranks flows, corroborates, and alone raises nothing above medium.
//
// Shadow   a model that nobody has vouched for yet says nothing: what it would have said is counted, and told to
//          `in_shadow` with the other evidence at hand to compare.
// Thread   the behaviour thread. Tests  tests/unit/signatures/models/model_test.cpp
#pragma once

#include <functional>
#include <memory>

#include "signatures/behaviour/detector.h"
#include "signatures/models/model.h"

namespace bulkhead::models {

struct ModelCounts {
  std::uint64_t scored = 0, said = 0, in_shadow = 0;
};

class ModelDetector final : public behaviour::Detector {
 public:
  static constexpr double kMostWeight = 0.75;
  ModelDetector(Model model, bool trusted) : model_(std::move(model)), trusted_(trusted) {}
  [[nodiscard]] behaviour::Family family() const override { return behaviour::Family::kModel; }
  void learn(const behaviour::Scene& scene) override { static_cast<void>(collector_.take(scene.seen)); }
  void learn_live(const behaviour::Scene& scene, std::vector<behaviour::Evidence>& out) override { watch(scene, out); }
  void watch(const behaviour::Scene& scene, std::vector<behaviour::Evidence>& out) override;

  std::function<void(const behaviour::Evidence&)> in_shadow;
  [[nodiscard]] const ModelCounts& counts() const { return counts_; }
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] bool is_trusted() const { return trusted_; }

 private:
  Model model_;
  bool trusted_ = false;
  FlowCollector collector_;
  ModelCounts counts_;
};

}  // namespace bulkhead::models
