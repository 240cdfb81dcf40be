#include "signatures/patches/overlay_inspector.h"

#include <algorithm>

namespace bulkhead::patches {

namespace {

const IpAddress& target_of(const pipeline::InspectContext& context, const pipeline::Alert& alert) {
  return alert.target == 1 ? context.packet->source : context.packet->destination;
}

}  // namespace

bool OverlayInspector::apply(const pipeline::InspectContext& context, pipeline::Alert& alert) {
  const Overlay::Rule* rule = overlay_->rule(alert.signature.get());
  if (rule == nullptr) return true;
  const Overlay::Host* host = overlay_->host(target_of(context, alert));
  const auto found = host == nullptr ? rule->by_report.end() : rule->by_report.find(host->report);
  if (found == rule->by_report.end()) {
    if (rule->only_here) {
      not_here_.add();
      return false;
    }
    if (host != nullptr) {
      attempts_.add();
      alert.signature = rule->not_vulnerable;
    }
    return true;
  }
  raised_.add();
  alert.signature = found->second.signature;
  const bool certain = context.inline_mode || (context.packet->has_tcp && context.established);
  const bool drops = host->is_protected && found->second.may_drop && certain;
  if (drops && alert.action == pipeline::RuleAction::kAlert) {
    dropped_.add();
    alert.action = pipeline::RuleAction::kDrop;
    alert.applies_to_flow = true;
  } else if (!drops && rule->only_here) {
    // Its author left it out: that it is on here is no leave to drop.
    alert.action = pipeline::RuleAction::kAlert;
  }
  return true;
}

void OverlayInspector::inspect(pipeline::InspectContext& context) {
  if (context.alerts == nullptr || context.alerts->empty() || context.packet == nullptr) return;
  std::erase_if(*context.alerts, [&](pipeline::Alert& alert) { return !apply(context, alert); });
}

void OverlayInspector::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("patches.raised", raised_.value());
  out.emplace_back("patches.dropped", dropped_.value());
  out.emplace_back("patches.not_vulnerable", attempts_.value());
  out.emplace_back("patches.not_here", not_here_.value());
}

}  // namespace bulkhead::patches
