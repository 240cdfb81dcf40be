#include "rules/classify/session_fate.h"

#include <string>
#include <unordered_map>

namespace bulkhead::rules {

SessionFate::SessionFate(const Classifier& before, const Classifier& now) : before_(before), now_(now) {
  std::unordered_map<std::string, const TableRule*> old;
  for (const TableRule& rule : before.table().rules()) old.emplace(rule.key, &rule);
  cuts_.reserve(now.table().rules().size());
  for (const TableRule& rule : now.table().rules()) {
    const auto same = old.find(rule.key);
    const bool known = same != old.end() && same->second->text == rule.text && same->second->sessions == rule.sessions;
    cuts_.push_back(rule.sessions == SessionChange::kCut && !known);
  }
}

bool SessionFate::must_end(const FlowQuery& session) const {
  const Decision now = now_.classify(session);
  if (now.allowed()) {
    const auto cuts = [&](std::uint32_t rule) { return rule != kNone && cuts_[rule]; };
    return cuts(now.egress_rule) || cuts(now.ingress_rule);
  }
  if (now_.table().rules()[now.rule].sessions != SessionChange::kKeep) return true;
  return !before_.classify(session).allowed();
}

}  // namespace bulkhead::rules
