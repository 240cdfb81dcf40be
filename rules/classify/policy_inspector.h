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
//          A flow that a rule inspects inline is left to the inline workers (Flow::elsewhere), where there are any.
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
  // `inline_workers`: flows that the policy inspects inline are left to them by workers that read copies.
  explicit PolicyInspectorFactory(PolicyTablePtr table, bool inline_workers = false)
      : classifier_(std::make_shared<Classifier>(std::move(table))), inline_workers_(inline_workers) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t worker) const override;
  [[nodiscard]] const Classifier& classifier() const { return *classifier_; }

 private:
  std::shared_ptr<const Classifier> classifier_;
  const bool inline_workers_;
};

class PolicyInspector final : public pipeline::Inspector {
 public:
  explicit PolicyInspector(std::shared_ptr<const Classifier> classifier, bool inline_workers = false)
      : classifier_(std::move(classifier)), inline_workers_(inline_workers) {}

  [[nodiscard]] std::string_view name() const override { return "policy"; }
  void inspect(pipeline::InspectContext& context) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  void report(pipeline::InspectContext& context, const FlowTuple& tuple, std::uint32_t rule, bool audit) const;
  [[nodiscard]] std::string workload_name(const IpAddress& address) const;

  [[nodiscard]] bool inspects_inline(const Decision& decision) const;

  std::shared_ptr<const Classifier> classifier_;
  const bool inline_workers_;
  Counter allowed_, denied_, audited_, left_;
};

}  // namespace bulkhead::rules
