#include "rules/model/policy.h"

#include <algorithm>
#include <utility>

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

const char* to_string(SessionChange change) {
  switch (change) {
    case SessionChange::kCutDenied: return "cut-denied";
    case SessionChange::kKeep: return "keep";
    case SessionChange::kCut: return "cut";
  }
  return "cut-denied";
}

std::string NamedPort::to_string() const {
  return (protocol == 0 ? "@" : protocol_name(protocol) + "/@") + name;
}

bool dns_name_matches(std::string_view pattern, std::string_view name) {
  const auto plain = [](std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  };
  const std::string wanted = plain(pattern), given = plain(name);
  if (!wanted.starts_with("*.")) return wanted == given;
  const std::string_view below = std::string_view(wanted).substr(1);  // ".x.y"
  return given.size() > below.size() && given.ends_with(below) && given.front() != '.';
}

std::string Rate::to_string() const {
  return std::to_string(count) + (per_seconds == 1 ? "/s" : per_seconds == 60 ? "/m" : "/h");
}

std::string LimitSpec::to_string() const {
  std::string out;
  const auto word = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (new_flows.count != 0) word("new: " + new_flows.to_string());
  if (packets.count != 0) word("packets: " + packets.to_string());
  if (burst != 0) word("burst: " + std::to_string(burst));
  if (open_flows != 0) word("open: " + std::to_string(open_flows));
  if (per != Per::kRule) {
    std::string text = per == Per::kSource ? "source" : "destination";
    if (prefix4 != 32 || prefix6 != 128) text += "/" + std::to_string(prefix4) + "/" + std::to_string(prefix6);
    word("per: " + text);
  }
  if (over == Action::kReject) word("over: reject");
  if (log) word("log: " + (log->label.empty() ? "yes" : log->label));
  return "{" + out + "}";
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
  std::string out;
  switch (kind) {
    case Kind::kAny: out = "any"; break;
    case Kind::kWorld: out = "world"; break;
    case Kind::kNodes: return selector.all.empty() ? "nodes" : "nodes " + selector.to_string();
    case Kind::kOwnNode: return "own-node";
    case Kind::kSelfNamespace: return "self-ns";
    case Kind::kSelector: return selector.to_string();
    case Kind::kDnsName: return name;
    case Kind::kSet: return "set=" + name;
    case Kind::kNothing: return "nothing";
    case Kind::kCidr: out = cidr.to_string(); break;
  }
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
  for (std::size_t i = 0; i < named_ports.size(); ++i) {
    out += (i == 0 && ports.empty() ? " on " : ", ") + named_ports[i].to_string();
  }
  if (log) out += log->label.empty() ? " log" : " log " + log->label;
  return out;
}

std::vector<Tier> PolicyModel::default_tiers() {
  return {{"quarantine", Action::kPass, Tier::Kind::kOrdered, Tier::Maps::kNothing, {}},
          {"security", Action::kPass, Tier::Kind::kOrdered, Tier::Maps::kAdmin, {}},
          {"platform", Action::kPass, Tier::Kind::kOrdered, Tier::Maps::kNothing, {}},
          {"kubernetes", Action::kPass, Tier::Kind::kNetworkPolicy, Tier::Maps::kNothing, {}},
          {"baseline", Action::kAllow, Tier::Kind::kOrdered, Tier::Maps::kBaseline, {}}};
}

std::optional<std::size_t> PolicyModel::tier_index(std::string_view name) const {
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    if (tiers[i].name == name) return i;
  }
  return std::nullopt;
}

const NamedSet* PolicyModel::set_named(std::string_view name) const {
  for (const NamedSet& set : sets) {
    if (set.name == name) return &set;
  }
  return nullptr;
}

std::vector<const Policy*> PolicyModel::in_tier(std::string_view name) const {
  std::vector<const Policy*> out;
  for (const Policy& policy : policies) {
    if (policy.tier == name) out.push_back(&policy);
  }
  std::sort(out.begin(), out.end(), [](const Policy* a, const Policy* b) {
    return std::pair(a->order.value_or(INT64_MAX), std::string_view(a->name)) <
           std::pair(b->order.value_or(INT64_MAX), std::string_view(b->name));
  });
  return out;
}

}  // namespace bulkhead::rules
