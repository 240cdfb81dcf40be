#include "rules/classify/plain_verdict.h"

namespace bulkhead::rules {

namespace {

bool is_node_address(const Inventory& inventory, const IpAddress& address) {
  for (const Node& node : inventory.nodes()) {
    for (const IpAddress& own : node.addresses) {
      if (own == address) return true;
    }
  }
  for (const Workload& workload : inventory.workloads()) {
    for (const IpAddress& own : workload.addresses) {
      if (workload.host_network && own == address) return true;
    }
  }
  return false;
}

const Workload* owner(const Inventory& inventory, const IpAddress& address) {
  for (const Workload& workload : inventory.workloads()) {
    for (const IpAddress& own : workload.addresses) {
      if (!workload.host_network && own == address) return &workload;
    }
  }
  return nullptr;
}

bool peer_matches(const Peer& peer, const Inventory& inventory, const Workload& subject, const IpAddress& address) {
  const Workload* other = owner(inventory, address);
  switch (peer.kind) {
    case Peer::Kind::kAny: return true;
    case Peer::Kind::kWorld: return other == nullptr && !is_node_address(inventory, address);
    case Peer::Kind::kNodes: return is_node_address(inventory, address);
    case Peer::Kind::kSelfNamespace: return other != nullptr && other->name_space == subject.name_space;
    case Peer::Kind::kSelector: return other != nullptr && peer.selector.matches(*other);
    case Peer::Kind::kCidr: break;
  }
  if (!peer.cidr.contains(address)) return false;
  for (const IpPrefix& hole : peer.except) {
    if (hole.contains(address)) return false;
  }
  return true;
}

bool rule_matches(const PolicyRule& rule, const Inventory& inventory, const Workload& subject, const FlowQuery& query) {
  const IpAddress& address = rule.end == FlowEnd::kEgress ? query.tuple.destination : query.tuple.source;
  bool peer = rule.peers.empty();
  for (const Peer& p : rule.peers) peer = peer || peer_matches(p, inventory, subject, address);
  bool port = rule.ports.empty();
  for (const PortMatch& p : rule.ports) port = port || p.covers(query.tuple.protocol, query.port_key());
  return peer && port;
}

// One end of the flow: kAllow also when nothing matched.
Action judge(const PolicyModel& model, const Inventory& inventory, const FlowQuery& query, FlowEnd end,
             PlainVerdict& out) {
  const Workload* subject = owner(inventory, end == FlowEnd::kEgress ? query.tuple.source : query.tuple.destination);
  if (subject == nullptr) return Action::kAllow;
  for (const Tier& tier : model.tiers) {
    bool guarded = false;
    bool passed = false;
    for (const Policy* policy : model.in_tier(tier.name)) {
      const auto& rules = policy->rules(end);
      if (rules.empty() || !policy->subject.matches(*subject)) continue;
      const bool audit = policy->mode == Policy::Mode::kAudit;
      guarded = guarded || !audit;
      for (std::size_t i = 0; i < rules.size(); ++i) {
        if (!rule_matches(rules[i], inventory, *subject, query)) continue;
        const std::string key = policy->name + "/" + to_string(end) + "/" + std::to_string(i + 1);
        if (audit) {
          out.audit.push_back(key);
          break;
        }
        passed = rules[i].action == Action::kPass;
        if (passed) break;
        out.rule = key;
        return rules[i].action;
      }
      if (passed) break;
    }
    if (!passed && guarded && tier.end != Action::kPass) {
      out.rule = "tier:" + tier.name + "/" + to_string(end) + "/end";
      return tier.end;
    }
  }
  return Action::kAllow;
}

}  // namespace

PlainVerdict plain_verdict(const PolicyModel& model, const Inventory& inventory, const FlowQuery& query) {
  PlainVerdict out;
  if (always_open(query)) return out;
  out.action = judge(model, inventory, query, FlowEnd::kEgress, out);
  if (out.action == Action::kAllow) out.action = judge(model, inventory, query, FlowEnd::kIngress, out);
  return out;
}

}  // namespace bulkhead::rules
