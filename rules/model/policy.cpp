#include "rules/model/policy.h"

#include <algorithm>

#include "datapath/base/flow_key.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

const char* to_string(Action action) {
  switch (action) {
    case Action::kAllow: return "allow";
    case Action::kDeny: return "deny";
    case Action::kReject: return "reject";
    case Action::kPass: return "pass";
  }
  return "deny";
}

const char* to_string(FlowEnd end) {
  return end == FlowEnd::kEgress ? "egress" : "ingress";
}

std::string PortMatch::to_string() const {
  // "icmp" alone names both families, so ICMPv4 alone is written by number.
  if (first == 0 && last == 65535) return protocol == ip_proto::kIcmp ? "1" : protocol_name(protocol);
  std::string out = protocol_name(protocol);
  if (protocol == ip_proto::kIcmp || protocol == ip_proto::kIcmpv6) {
    out += "/" + std::to_string(first >> 8);
    if (first == last) out += "." + std::to_string(first & 0xff);
    return out;
  }
  out += "/" + std::to_string(first);
  if (last != first) out += "-" + std::to_string(last);
  return out;
}

std::string Peer::to_string() const {
  switch (kind) {
    case Kind::kAny: return "any";
    case Kind::kWorld: return "world";
    case Kind::kNodes: return "nodes";
    case Kind::kSelfNamespace: return "self-ns";
    case Kind::kSelector: return selector.to_string();
    case Kind::kCidr: break;
  }
  std::string out = cidr.to_string();
  for (const IpPrefix& hole : except) out += " !" + hole.to_string();
  return out;
}

std::string PolicyRule::to_string() const {
  std::string out = rules::to_string(action);
  out += end == FlowEnd::kIngress ? " from " : " to ";
  if (peers.empty()) out += "any";
  for (std::size_t i = 0; i < peers.size(); ++i) out += (i == 0 ? "" : ", ") + peers[i].to_string();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const bool both =
        ports[i] == PortMatch{ip_proto::kIcmp} && i + 1 < ports.size() && ports[i + 1] == PortMatch{ip_proto::kIcmpv6};
    out += (i == 0 ? " on " : ", ") + (both ? std::string("icmp") : ports[i].to_string());
    if (both) ++i;
  }
  if (log) out += log->label.empty() ? " log" : " log " + log->label;
  return out;
}

std::vector<Tier> PolicyModel::default_tiers() {
  return {{"quarantine", Action::kPass, {}},
          {"security", Action::kPass, {}},
          {"platform", Action::kPass, {}},
          {"baseline", Action::kAllow, {}}};
}

std::optional<std::size_t> PolicyModel::tier_index(std::string_view name) const {
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    if (tiers[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<const Policy*> PolicyModel::in_tier(std::string_view name) const {
  std::vector<const Policy*> out;
  for (const Policy& policy : policies) {
    if (policy.tier == name) out.push_back(&policy);
  }
  std::stable_sort(out.begin(), out.end(), [](const Policy* a, const Policy* b) {
    return a->order.value_or(INT64_MAX) < b->order.value_or(INT64_MAX);
  });
  return out;
}

}  // namespace bulkhead::rules
