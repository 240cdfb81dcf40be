#include "rules/compile/explain.h"

#include <algorithm>

#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

namespace {

// Steps that did not match, of one tier, before only their number is told.
constexpr std::size_t kShownSteps = 20;

std::string why_not(const TableMatch& match, const FlowQuery& query, FlowEnd end, const Inventory& inventory) {
  if (match.self) return "it is not the workload itself";
  if (match.peers.empty()) return "its peers and port names stand for no address";
  const bool protocol = match.ports.empty() || std::any_of(match.ports.begin(), match.ports.end(), [&](const auto& p) {
                          return p.protocol == query.tuple.protocol;
                        });
  if (!protocol) return "the protocol is " + protocol_name(query.tuple.protocol);
  const bool port = match.ports.empty() || std::any_of(match.ports.begin(), match.ports.end(), [&](const auto& p) {
                      return p.covers(query.tuple.protocol, query.port_key());
                    });
  if (!port) {
    return query.is_icmp() ? "the type is " + std::to_string(query.icmp_type)
                           : "the port is " + std::to_string(query.tuple.destination_port);
  }
  const IpAddress& peer = end == FlowEnd::kEgress ? query.tuple.destination : query.tuple.source;
  return inventory.name_of(peer) + " is not among the peers";
}

ExplainedEnd explain_end(const PolicyTable& table, const FlowQuery& query, FlowEnd end) {
  ExplainedEnd out;
  out.end = end;
  const IpAddress& own = end == FlowEnd::kEgress ? query.tuple.source : query.tuple.destination;
  const std::uint32_t index = table.workload_at(own);
  if (index == kNone) return out;
  const TableWorkload& workload = table.workloads()[index];
  out.workload = workload.name;
  if (workload.program(end) == kNone) return out;
  const auto& steps = table.programs()[workload.program(end)].steps;
  for (std::size_t i = 0; i < steps.size();) {
    const Step& step = steps[i++];
    const TableMatch& match = table.matches()[step.match];
    // One rule may be several steps: it is told once.
    const bool again = !out.steps.empty() && out.steps.back().rule == step.rule;
    if (!match.matches(query, end)) {
      if (!again) out.steps.push_back({step.rule, false, why_not(match, query, end, table.inventory())});
      continue;
    }
    if (again) out.steps.pop_back();
    const bool goes_on = step.audit || step.action == Action::kPass;
    out.steps.push_back({step.rule, true,
                         step.audit ? std::string("matches, audit only: would ") + to_string(step.action)
                                    : std::string("matches: ") + to_string(step.action)});
    if (goes_on) {
      i = step.skip_to;
      continue;
    }
    out.action = step.action;
    out.rule = step.rule;
    break;
  }
  return out;
}

std::string rule_line(const TableRule& rule, const ExplainedStep& step) {
  std::string out = step.matched ? "  * " : "    ";
  out += rule.tier + "  " + rule.key + "  \"" + rule.text + "\"";
  if (!rule.place().empty()) out += "  " + rule.place();
  return out + "  " + step.why + "\n";
}

// Why a tier has no rule for this end.
std::string silent_tier(const Tier& tier, const ExplainedEnd& judged) {
  const bool manifests = tier.kind == Tier::Kind::kNetworkPolicy;
  return "    " + tier.name + "  " + (manifests ? "no NetworkPolicy isolates " : "no policy for ") + judged.workload +
         " here\n";
}

// The tiers in order, down to the one that decided.
std::string chain_of_tiers(const PolicyTable& table, const ExplainedEnd& judged) {
  std::string out;
  for (const Tier& tier : table.tiers()) {
    std::size_t asked = 0, hidden = 0;
    for (const ExplainedStep& step : judged.steps) {
      const TableRule& rule = table.rules()[step.rule];
      if (rule.tier != tier.name) continue;
      if (step.matched || asked < kShownSteps) {
        out += rule_line(rule, step);
      } else {
        ++hidden;
      }
      ++asked;
    }
    if (hidden != 0) out += "    " + tier.name + "  " + std::to_string(hidden) + " more rules that do not match\n";
    if (asked == 0) out += silent_tier(tier, judged);
    if (judged.rule != kNone && table.rules()[judged.rule].tier == tier.name) return out;
  }
  return out + "    no rule matches: open\n";
}

}  // namespace

std::string describe(const FlowQuery& query) {
  const FlowTuple& t = query.tuple;
  const std::string name = protocol_name(t.protocol) + " ";
  const auto host = [](const IpAddress& a) { return a.is_v6() ? "[" + a.to_string() + "]" : a.to_string(); };
  if (query.is_icmp()) {
    return name + host(t.source) + " -> " + host(t.destination) + " type " + std::to_string(query.icmp_type) +
           " code " + std::to_string(query.icmp_code);
  }
  return name + host(t.source) + ":" + std::to_string(t.source_port) + " -> " + host(t.destination) + ":" +
         std::to_string(t.destination_port);
}

Explanation explain(const PolicyTable& table, const FlowQuery& query) {
  Explanation out;
  out.query = query;
  out.always_open = always_open(query);
  if (out.always_open) return out;
  for (const FlowEnd end : {FlowEnd::kEgress, FlowEnd::kIngress}) {
    out.ends.push_back(explain_end(table, query, end));
    const ExplainedEnd& judged = out.ends.back();
    if (judged.rule != kNone) out.rule = judged.rule;
    if (judged.action == Action::kAllow) continue;
    out.action = judged.action;
    break;
  }
  return out;
}

std::string Explanation::to_string(const PolicyTable& table) const {
  const Inventory& inventory = table.inventory();
  std::string out = describe(query) + "  (" + inventory.name_of(query.tuple.source) + " to " +
                    inventory.name_of(query.tuple.destination) + ")\n";
  if (always_open) return out + "allow: traffic to oneself and IPv6 link signalling are never judged\n";
  for (const ExplainedEnd& judged : ends) {
    out += std::string("  ") + rules::to_string(judged.end) + " of ";
    if (judged.workload.empty()) {
      const IpAddress& own = judged.end == FlowEnd::kEgress ? query.tuple.source : query.tuple.destination;
      out += inventory.name_of(own) + ": no workload, not judged\n";
      continue;
    }
    out += judged.workload + ":\n";
    out += chain_of_tiers(table, judged);
  }
  for (const ExplainedEnd& judged : ends) {
    if (judged.rule == kNone || judged.action != Action::kAllow) continue;
    const TableRule& admits = table.rules()[judged.rule];
    if (admits.inspect_inline) out += "  " + admits.key + " inspects it inline: its packets wait for a verdict\n";
    if (!admits.limit) continue;
    out += "  " + admits.key + " admits up to " + admits.limit->to_string() +
           "; what is beyond: " + rules::to_string(admits.limit->over) + "\n";
  }
  out += rules::to_string(action);
  if (rule == kNone) return out + ": no rule decided\n";
  const TableRule& deciding = table.rules()[rule];
  return out + ": " + deciding.key + (deciding.place().empty() ? "" : " (" + deciding.place() + ")") + "\n";
}

}  // namespace bulkhead::rules
