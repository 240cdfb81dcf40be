// The policies beside the packet pipeline: judges the first packet of each flow with the classifier and
// reports flows that a rule refuses (in replay and tap mode the only trace of it; the kernel has dropped
// them already where it enforces), and those that an audit policy would refuse.
//
// Thread   one inspector per worker; the classifier is shared and immutable.
// Judged   first packets of flows, as FlowTable says who the client is; inner packets of tunnels and
//          ICMP errors are not: the first are no traffic between workloads, the second belong to a flow.
// Out      DropEvent, reason "policy", with rule, file, line and both workloads. In inline mode the flow
//          is dropped.
// Errors   none. Tests  tests/unit/rules/classify/policy_inspector_test.cpp
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "datapath/pipeline/inspector.h"
#include "rules/classify/classifier.h"

namespace bulkhead::rules {

class PolicyInspector final : public pipeline::Inspector {
 public:
  explicit PolicyInspector(std::shared_ptr<const Classifier> classifier) : classifier_(std::move(classifier)) {}
  [[nodiscard]] std::string_view name() const override { return "policy"; }
  void inspect(pipeline::InspectContext& context) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  void report(pipeline::InspectContext& context, const FlowQuery& query, std::uint32_t rule, bool audit) const;

  std::shared_ptr<const Classifier> classifier_;
  Counter judged_, denied_, audited_;
};

class PolicyInspectorFactory final : public pipeline::InspectorFactory {
 public:
  explicit PolicyInspectorFactory(PolicyTablePtr table) : classifier_(std::make_shared<Classifier>(std::move(table))) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t /*worker*/) const override {
    return std::make_unique<PolicyInspector>(classifier_);
  }
  [[nodiscard]] const Classifier& classifier() const { return *classifier_; }

 private:
  std::shared_ptr<const Classifier> classifier_;
};

}  // namespace bulkhead::rules
