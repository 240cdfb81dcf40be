#include "rules/classify/plain_verdict.h"

#include <algorithm>

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

bool is_address_of(const Node& node, const IpAddress& address) {
  return std::find(node.addresses.begin(), node.addresses.end(), address) != node.addresses.end();
}

bool in_holes(const Peer& peer, const IpAddress& address) {
  for (const IpPrefix& hole : peer.except) {
    if (hole.contains(address)) return true;
  }
  return false;
}

bool is_selected_node(const Selector& selector, const Inventory& inventory, const IpAddress& address) {
  if (selector.all.empty()) return is_node_address(inventory, address);
  for (const Node& node : inventory.nodes()) {
    if (is_address_of(node, address) && selector.matches(node)) return true;
  }
  return false;
}

bool is_own_node(const Inventory& inventory, const Workload& subject, const IpAddress& address) {
  for (const Node& node : inventory.nodes()) {
    if (node.name == subject.node && is_address_of(node, address)) return true;
  }
  return false;
}

bool answered(const Inventory& inventory, const std::string& pattern, const IpAddress& address) {
  for (const ExternalHost& host : inventory.external()) {
    if (std::find(host.addresses.begin(), host.addresses.end(), address) == host.addresses.end()) continue;
    for (const std::string& name : host.dns) {
      if (dns_name_matches(pattern, name)) return true;
    }
  }
  return false;
}

// What a rule is asked about: the guarded workload, the far end, and where names of sets are looked up.
struct Question {
  const PolicyModel& model;
  const Inventory& inventory;
  const Workload& subject;
  const IpAddress& address;
  const FlowQuery& query;
};

bool peer_matches(const Peer& peer, const Question& q);

bool in_set(const std::string& name, const Question& q) {
  const NamedSet* set = q.model.set_named(name);
  if (set == nullptr) return false;
  for (const Peer& member : set->members) {
    if (member.kind != Peer::Kind::kSet && peer_matches(member, q)) return true;
  }
  return false;
}

bool peer_matches(const Peer& peer, const Question& q) {
  const Workload* other = owner(q.inventory, q.address);
  switch (peer.kind) {
    case Peer::Kind::kAny: return !in_holes(peer, q.address);
    case Peer::Kind::kWorld:
      return other == nullptr && !is_node_address(q.inventory, q.address) && !in_holes(peer, q.address);
    case Peer::Kind::kNodes: return is_selected_node(peer.selector, q.inventory, q.address);
    case Peer::Kind::kOwnNode: return is_own_node(q.inventory, q.subject, q.address);
    case Peer::Kind::kSelfNamespace: return other != nullptr && other->name_space == q.subject.name_space;
    case Peer::Kind::kSelector: return other != nullptr && peer.selector.matches(*other);
    case Peer::Kind::kDnsName: return answered(q.inventory, peer.name, q.address);
    case Peer::Kind::kSet: return in_set(peer.name, q);
    case Peer::Kind::kNothing: return false;
    case Peer::Kind::kCidr: return peer.cidr.contains(q.address) && !in_holes(peer, q.address);
  }
  return false;
}

// A name means what the destination calls so.
bool named_port_matches(const NamedPort& wanted, const Question& q) {
  const Workload* destination = owner(q.inventory, q.query.tuple.destination);
  if (destination == nullptr) return false;
  for (const WorkloadPort& port : destination->ports) {
    if (port.name == wanted.name && (wanted.protocol == 0 || wanted.protocol == port.protocol) &&
        port.protocol == q.query.tuple.protocol && port.port == q.query.tuple.destination_port) {
      return true;
    }
  }
  return false;
}

bool rule_matches(const PolicyRule& rule, const Question& q) {
  bool peer = rule.peers.empty();
  for (const Peer& p : rule.peers) peer = peer || peer_matches(p, q);
  bool port = rule.ports.empty() && rule.named_ports.empty();
  for (const PortMatch& p : rule.ports) port = port || p.covers(q.query.tuple.protocol, q.query.port_key());
  for (const NamedPort& p : rule.named_ports) port = port || named_port_matches(p, q);
  return peer && port;
}

std::string key_of(const Policy& policy, FlowEnd end, const std::string& last) {
  return policy.name + "/" + to_string(end) + "/" + last;
}

enum class TierSays : std::uint8_t { kDecided, kPassed, kNothing };

// One tier at one end: its policies in order, then what the tier says at its end.
TierSays ask_tier(const Tier& tier, const Question& q, FlowEnd end, std::chrono::sys_seconds now, PlainVerdict& out) {
  bool guarded = false;
  const Policy* isolating = nullptr;
  for (const Policy* policy : q.model.in_tier(tier.name)) {
    if (policy->expires && *policy->expires <= now) continue;
    if (!policy->guards(end) || !policy->subject.matches(q.subject)) continue;
    const bool audit = policy->mode == Policy::Mode::kAudit;
    guarded = guarded || !audit;
    if (isolating == nullptr && policy->isolates(end)) isolating = policy;
    for (std::size_t i = 0; i < policy->rules(end).size(); ++i) {
      const PolicyRule& rule = policy->rules(end)[i];
      if (!rule_matches(rule, q)) continue;
      const std::string key = key_of(*policy, end, std::to_string(i + 1));
      if (audit) {
        out.audit.push_back(key);
        break;
      }
      if (rule.action == Action::kPass) return TierSays::kPassed;
      out.rule = key;
      out.action = rule.action;
      return TierSays::kDecided;
    }
  }
  if (tier.kind == Tier::Kind::kNetworkPolicy) {
    if (isolating == nullptr) return TierSays::kNothing;
    const bool self = q.query.tuple.source == q.query.tuple.destination;
    const bool open = self || is_own_node(q.inventory, q.subject, q.address);
    out.action = open ? Action::kAllow : Action::kDeny;
    const std::string of_tier = "tier:" + tier.name + "/" + to_string(end);
    out.rule = open ? of_tier + (self ? "/self" : "/own-node") : key_of(*isolating, end, "isolated");
    return TierSays::kDecided;
  }
  if (!guarded || tier.end == Action::kPass) return TierSays::kNothing;
  out.rule = "tier:" + tier.name + "/" + to_string(end) + "/end";
  out.action = tier.end;
  return TierSays::kDecided;
}

// One end of the flow; nothing decided: open.
void judge(const PolicyModel& model, const Inventory& inventory, const FlowQuery& query, FlowEnd end,
           std::chrono::sys_seconds now, PlainVerdict& out) {
  const bool egress = end == FlowEnd::kEgress;
  const Workload* subject = owner(inventory, egress ? query.tuple.source : query.tuple.destination);
  if (subject == nullptr) return;
  const Question q{model, inventory, *subject, egress ? query.tuple.destination : query.tuple.source, query};
  for (const Tier& tier : model.tiers) {
    if (ask_tier(tier, q, end, now, out) == TierSays::kDecided) return;
  }
}

}  // namespace

PlainVerdict plain_verdict(const PolicyModel& model, const Inventory& inventory, const FlowQuery& query,
                           std::optional<std::chrono::sys_seconds> now) {
  PlainVerdict out;
  if (always_open(query)) return out;
  const auto at = now.value_or(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  judge(model, inventory, query, FlowEnd::kEgress, at, out);
  if (out.action == Action::kAllow) judge(model, inventory, query, FlowEnd::kIngress, at, out);
  return out;
}

}  // namespace bulkhead::rules
