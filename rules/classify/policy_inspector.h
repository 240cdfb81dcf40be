// The segmentation policy as an inspector: tells which flows the kernel refuses, by rule and place.
//
// The kernel enforces; this inspector judges the first packet of every flow with the same policy table
// and reports what was refused (drop event, reason "policy") or would be refused by a policy in audit mode.
//
// Judged   the first packet of each flow. Not inner packets of tunnels (no traffic between workloads) nor
//          ICMP errors (they belong to the flow they quote). A TCP connection picked up in its middle is
//          refused only when neither end might have opened it.
// Thread   PolicyInspectorFactory is shared and immutable; one PolicyInspector per worker.
// Out      DropEvent per refused flow and per audit rule that would refuse it; counters policy.*. It never
//          changes a verdict.
// Limits   none per packet: only the first packet of a flow is classified; no allocation unless it is refused.
// Tests    tests/unit/rules/classify/policy_inspector_test.cpp
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/pipeline/inspector.h"
#include "rules/classify/classifier.h"

namespace bulkhead::rules {

class PolicyInspectorFactory final : public pipeline::InspectorFactory {
 public:
  explicit PolicyInspectorFactory(PolicyTablePtr table) : classifier_(std::make_shared<Classifier>(std::move(table))) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t worker) const override;
  [[nodiscard]] const Classifier& classifier() const { return *classifier_; }

 private:
  std::shared_ptr<const Classifier> classifier_;
};

class PolicyInspector final : public pipeline::Inspector {
 public:
  explicit PolicyInspector(std::shared_ptr<const Classifier> classifier) : classifier_(std::move(classifier)) {}

  [[nodiscard]] std::string_view name() const override { return "policy"; }
  void inspect(pipeline::InspectContext& context) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  void report(pipeline::InspectContext& context, const FlowTuple& tuple, std::uint32_t rule, bool audit) const;
  [[nodiscard]] std::string workload_name(const IpAddress& address) const;

  std::shared_ptr<const Classifier> classifier_;
  Counter allowed_, denied_, audited_;
};

}  // namespace bulkhead::rules
