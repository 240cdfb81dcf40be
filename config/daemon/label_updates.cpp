#include "config/daemon/label_updates.h"

#include <utility>

#include "rules/nft/ruleset_diff.h"

namespace bulkhead::config {

void LabelUpdates::base(rules::PolicyTablePtr table, const rules::Enforcer& enforcer) {
  relabel_.reset();
  building_ = {};
  if (table == nullptr) return;
  building_ = std::async(std::launch::async,
                         [table = std::move(table), mode = enforcer.mode(), settings = enforcer.settings()]() mutable {
                           return std::make_unique<rules::Relabel>(std::move(table), mode, std::move(settings));
                         });
}

Result<std::optional<LabelUpdates::Report>> LabelUpdates::apply(const std::vector<rules::Workload>& changed,
                                                                rules::Enforcer& enforcer) {
  if (building_.valid()) relabel_ = building_.get();
  if (relabel_ == nullptr) return std::optional<Report>();
  const auto begin = std::chrono::steady_clock::now();
  auto plan = relabel_->plan(changed, enforcer.desired());
  if (!plan) return std::optional<Report>();
  const rules::RulesetDifference change = rules::compare_rulesets(plan->after, plan->before, rules::Findings::kOmitted);
  Report report;
  report.commands = change.batch.size();
  const Status status =
      enforcer.amend(change.batch, [&](rules::NftRuleset& ruleset) { relabel_->commit(std::move(*plan), ruleset); });
  if (!status) return status.error();
  report.time = std::chrono::steady_clock::now() - begin;
  return std::optional<Report>(report);
}

}  // namespace bulkhead::config
