#include "rules/classify/whatif.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace bulkhead::rules {

WhatIf compare(const Classifier& before, const Classifier& now, const FlowEdgeTable& edges) {
  WhatIf out;
  std::map<std::tuple<bool, std::string, std::string, std::string, std::uint32_t>, std::uint64_t> sums;
  const Inventory& inventory = now.table().inventory();
  for (const auto& [edge, outcome] : edges.edges()) {
    out.flows += outcome.flows;
    const FlowQuery query = edge.query();
    const Decision decision = now.classify(query);
    if (before.classify(query).allowed() == decision.allowed()) continue;
    (decision.allowed() ? out.newly_allowed : out.newly_denied) += outcome.flows;
    sums[{decision.allowed(), inventory.name_of(edge.source), inventory.name_of(edge.destination),
          PortMatch{edge.protocol, edge.key, edge.key}.to_string(), decision.rule}] += outcome.flows;
  }
  for (const auto& [key, flows] : sums) {
    const auto& [allowed, from, to, port, rule] = key;
    out.changes.push_back({from, to, port, flows, allowed, rule});
  }
  return out;
}

std::string WhatIf::to_string(const PolicyTable& now) const {
  std::string out;
  bool first_of_kind = true;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const VerdictChange& change = changes[i];
    first_of_kind = i == 0 || changes[i - 1].now_allowed != change.now_allowed;
    if (first_of_kind) out += change.now_allowed ? "newly allowed:\n" : "newly denied:\n";
    out += "  " + change.from + " -> " + change.to + "  " + change.port + "  " + std::to_string(change.flows) +
           (change.flows == 1 ? " flow" : " flows");
    if (change.rule == kNone) {
      out += "  open\n";
      continue;
    }
    const TableRule& rule = now.rules()[change.rule];
    out += "  " + rule.key + (rule.place().empty() ? "" : "  " + rule.place()) + "\n";
  }
  return out + std::to_string(flows) + (flows == 1 ? " flow, " : " flows, ") + std::to_string(newly_denied) +
         " newly denied, " + std::to_string(newly_allowed) + " newly allowed\n";
}

}  // namespace bulkhead::rules
