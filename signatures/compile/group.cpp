#include "signatures/compile/group.h"

#include <algorithm>
#include <map>
#include <set>

namespace bulkhead::signatures {
namespace {

// A rule that names more ports than this does not choose a group by them.
constexpr std::uint32_t kWidePorts = 32768;
// Ports with fewer rules of their own share a group.
constexpr std::size_t kMinOwnRules = 24;

bool wide(const PortSet& set) {
  if (set.any) return true;
  std::uint32_t count = 0;
  for (const PortRange& r : set.ranges) count += std::uint32_t{r.last} - r.first + 1;
  return count > kWidePorts;
}

struct RulePorts {
  std::uint32_t rule = 0;
  const PortSet* server = nullptr;  // null: any port
  const PortSet* client = nullptr;
};

RulePorts ports_of(const Signature& s, std::uint32_t index, bulkhead::Direction d, bool has_ports) {
  RulePorts p{index, nullptr, nullptr};
  if (!has_ports || s.bidirectional) return p;  // both orders fit: leave it to the header check
  const PortSet& server = d == bulkhead::Direction::kToServer ? s.destination_ports : s.source_ports;
  const PortSet& client = d == bulkhead::Direction::kToServer ? s.source_ports : s.destination_ports;
  if (!wide(server)) p.server = &server;
  if (!wide(client)) p.client = &client;
  return p;
}

// Rules by server port: the sets that occur, and which port has which (0 is the empty set).
struct PortSets {
  std::vector<RuleIndexes> sets{RuleIndexes{}};
  std::vector<std::uint32_t> by_port = std::vector<std::uint32_t>(65536, 0);
};

PortSets sets_by_port(const std::vector<RulePorts>& rules) {
  // Sweep over the ports at which any rule begins or ends.
  std::map<std::uint32_t, std::pair<RuleIndexes, RuleIndexes>> edges;  // port -> (begin, end before)
  for (const RulePorts& r : rules) {
    if (r.server == nullptr || r.client != nullptr) continue;
    for (const PortRange& range : r.server->ranges) {
      edges[range.first].first.push_back(r.rule);
      edges[std::uint32_t{range.last} + 1].second.push_back(r.rule);
    }
  }
  PortSets out;
  std::map<RuleIndexes, std::uint32_t> known{{RuleIndexes{}, 0}};
  std::set<std::uint32_t> active;
  std::uint32_t current = 0, from = 0;
  for (const auto& [port, change] : edges) {
    std::fill(out.by_port.begin() + from, out.by_port.begin() + port, current);
    for (const std::uint32_t rule : change.second) active.erase(rule);
    for (const std::uint32_t rule : change.first) active.insert(rule);
    RuleIndexes set(active.begin(), active.end());
    const auto [at, fresh] = known.try_emplace(set, static_cast<std::uint32_t>(out.sets.size()));
    if (fresh) out.sets.push_back(std::move(set));
    current = at->second;
    from = port;
  }
  if (from < 65536) std::fill(out.by_port.begin() + from, out.by_port.end(), current);
  return out;
}

RuleIndexes merged(const RuleIndexes& a, const RuleIndexes& b) {
  RuleIndexes out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

// Which sets get a group of their own: the largest ones, within the limit.
std::vector<std::uint32_t> kept_sets(const PortSets& ports, std::size_t limit) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 1; i < ports.sets.size(); ++i) {
    if (ports.sets[i].size() >= kMinOwnRules) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return ports.sets[a].size() > ports.sets[b].size(); });
  if (order.size() > limit) order.resize(limit);
  return order;
}

void assign_ports(PortGroups& out, const PortSets& ports, const RuleIndexes& base, std::size_t max_groups) {
  out.groups.emplace_back().members = base;
  std::vector<std::uint16_t> group_of(ports.sets.size(), 0);
  for (const std::uint32_t set : kept_sets(ports, max_groups > 3 ? max_groups - 3 : 0)) {
    group_of[set] = static_cast<std::uint16_t>(out.groups.size());
    out.groups.emplace_back().members = merged(base, ports.sets[set]);
  }
  RuleIndexes shared = base;
  for (std::uint32_t i = 1; i < ports.sets.size(); ++i) {
    if (group_of[i] == 0) shared = merged(shared, ports.sets[i]);
  }
  if (shared.size() != base.size()) {
    for (std::uint32_t i = 1; i < ports.sets.size(); ++i) {
      if (group_of[i] == 0) group_of[i] = static_cast<std::uint16_t>(out.groups.size());
    }
    out.groups.emplace_back().members = std::move(shared);
  }
  if (ports.sets.size() == 1) return;
  out.by_server_port.resize(65536);
  for (std::size_t p = 0; p < 65536; ++p) out.by_server_port[p] = group_of[ports.by_port[p]];
}

}  // namespace

// What the IP header says, also where the transport header is broken or in another fragment.
ProtocolClass class_of(const decode::PacketView& packet) {
  return packet.is_ip() ? class_of_protocol(packet.protocol) : ProtocolClass::kNonIp;
}

ProtocolClass class_of_protocol(std::uint8_t protocol) {
  switch (protocol) {
    case ip_proto::kTcp: return ProtocolClass::kTcp;
    case ip_proto::kUdp: return ProtocolClass::kUdp;
    case ip_proto::kSctp: return ProtocolClass::kSctp;
    case ip_proto::kIcmp: return ProtocolClass::kIcmp;
    case ip_proto::kIcmpv6: return ProtocolClass::kIcmpv6;
    default: return ProtocolClass::kOther;
  }
}

bool rule_applies(const Signature& rule, ProtocolClass c) {
  switch (rule.protocol) {
    case RuleProtocol::kPkthdr: return true;
    case RuleProtocol::kIp:
    case RuleProtocol::kIpv4:
    case RuleProtocol::kIpv6: return c != ProtocolClass::kNonIp;
    case RuleProtocol::kTcp:
    case RuleProtocol::kTcpPkt:
    case RuleProtocol::kTcpStream: return c == ProtocolClass::kTcp;
    case RuleProtocol::kUdp: return c == ProtocolClass::kUdp;
    case RuleProtocol::kSctp: return c == ProtocolClass::kSctp;
    case RuleProtocol::kIcmp: return c == ProtocolClass::kIcmp || c == ProtocolClass::kIcmpv6;
    case RuleProtocol::kIcmpv4: return c == ProtocolClass::kIcmp;
    case RuleProtocol::kIcmpv6: return c == ProtocolClass::kIcmpv6;
    case RuleProtocol::kApplication: return c == ProtocolClass::kTcp || c == ProtocolClass::kUdp;
  }
  return false;
}

bool rule_applies(const Signature& rule, bulkhead::Direction d) {
  if (d == bulkhead::Direction::kToServer) return !rule.flow.to_client;
  return !rule.flow.to_server;
}

PortGroups make_port_groups(const SignatureList& signatures, ProtocolClass c, bulkhead::Direction d,
                            std::size_t max_groups) {
  const bool has_ports = c == ProtocolClass::kTcp || c == ProtocolClass::kUdp || c == ProtocolClass::kSctp;
  std::vector<RulePorts> rules;
  RuleIndexes all, base;
  PortGroups out;
  for (std::uint32_t index = 0; index < signatures.size(); ++index) {
    const Signature& s = signatures[index];
    if (!rule_applies(s, c) || !rule_applies(s, d)) continue;
    const RulePorts p = ports_of(s, index, d, has_ports);
    rules.push_back(p);
    all.push_back(index);
    if (p.client != nullptr) {
      out.has_narrow = true;
      for (const PortRange& range : p.client->ranges) {
        for (std::uint32_t port = range.first; port <= range.last; ++port) out.narrow_client_ports.set(port);
      }
    } else if (p.server == nullptr) {
      base.push_back(index);
    }
  }
  assign_ports(out, sets_by_port(rules), base, max_groups);
  if (out.has_narrow) out.groups.emplace_back().members = std::move(all);
  return out;
}

}  // namespace bulkhead::signatures
