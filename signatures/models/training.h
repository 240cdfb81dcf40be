// Training from labelled flows, and honest figures beside the flattering one.
//
//   random split        a fifth of all flows is held back: what papers print
//   family left out     trained without one kind of attack, asked for that one: what a new attack meets
//   another source      trained on one place, asked at another: what an installation meets
//
// Recall is at a fixed price: the limit is the score that a thousandth of the normal flows held back reach.
//
// Thread   the main thread. Limits  kMostFlows. Tests  tests/unit/signatures/models/model_test.cpp, bench/detect
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/result.h"
#include "signatures/models/model.h"

namespace bulkhead::models {

inline constexpr std::size_t kMostFlows = 2'000'000;
inline constexpr double kPrice = 0.001;

struct LabelledFlow {
  Sample sample;
  std::string label;   // "benign", or the kind of attack
  std::string source;  // where it was captured
  [[nodiscard]] bool is_attack() const { return label != "benign"; }
};

// Lines "t0 proto src sport dst dport label" between tabs, the first a header: labels of flows by their five-tuple, in
// either direction, and the begin nearest to t0 (two seconds at most).
class FlowLabels {
 public:
  [[nodiscard]] static std::optional<FlowLabels> parse(const SourceFilePtr& file, Diagnostics& diagnostics);
  // Empty: the flow is not in the list.
  [[nodiscard]] std::string label_of(const FlowTuple& client, Timestamp begin) const;
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  std::map<FlowTuple, std::vector<std::pair<std::int64_t, std::string>>> by_tuple_;
  std::size_t count_ = 0;
};

[[nodiscard]] Result<Model> train_model(const std::string& name, const std::vector<LabelledFlow>& flows);

struct Recall {
  double trees = 0, bytes = 0, either = 0;   // share of the attacks' flows that are found
  double false_trees = 0, false_either = 0;  // share of normal flows
  std::size_t attacks = 0, normal = 0;
};
struct Figures {
  Recall random;
  std::map<std::string, Recall> left_out;   // by kind of attack
  std::map<std::string, Recall> elsewhere;  // by source: trained on all others
};
[[nodiscard]] Result<Figures> measure(const std::vector<LabelledFlow>& flows);

}  // namespace bulkhead::models
