#include "rules/learn/learner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace bulkhead::rules {

namespace {

std::string port_text(std::uint8_t protocol, std::uint16_t key) {
  return PortMatch{protocol, key, key}.to_string();
}

bool is_metadata(const IpAddress& address) {
  static const std::array kServices = {*IpAddress::parse("169.254.169.254"), *IpAddress::parse("fd00:ec2::254"),
                                       *IpAddress::parse("100.100.100.200")};
  return std::find(kServices.begin(), kServices.end(), address) != kServices.end();
}

// Broadcast and multicast have no workload at their end.
bool is_group_address(const IpAddress& address) {
  return address.is_multicast() || (address.is_v4() && address.v4_host_order() == UINT32_MAX);
}

// Workloads that are alike, as a selector; other ends as one peer.
Peer peer_of(const Inventory& inventory, const IpAddress& address) {
  Peer out;
  const Workload* workload = inventory.workload_at(address);
  if (workload == nullptr) {
    const std::string name = inventory.name_of(address);
    out.kind = name.starts_with("node:") ? Peer::Kind::kNodes : Peer::Kind::kCidr;
    if (out.kind == Peer::Kind::kCidr) out.cidr = {address, address.bit_count()};
    return out;
  }
  out.kind = Peer::Kind::kSelector;
  const auto require = [&](Requirement::Subject subject, const std::string& key, const std::string& value) {
    Requirement r;
    r.subject = subject;
    r.key = key;
    r.values = {value};
    out.selector.all.push_back(std::move(r));
  };
  require(Requirement::Subject::kNamespace, "", workload->name_space);
  for (const auto& [key, value] : workload->labels) require(Requirement::Subject::kLabel, key, value);
  if (workload->labels.empty()) require(Requirement::Subject::kPod, "", workload->name);
  return out;
}

// Edges between the same groups on the same port.
struct GroupKey {
  std::string from, to;
  std::uint8_t protocol = 0;
  std::uint16_t key = 0;
  auto operator<=>(const GroupKey&) const = default;
};

struct Group {
  Peer from, to;
  std::set<IpAddress> sources, destinations;
  std::set<std::int64_t> windows;
  EdgeOutcome sum;
  std::string suspicion;
};

class Learner {
 public:
  Learner(const Inventory& inventory, const FlowEdgeTable& edges, const LearnSettings& settings)
      : inventory_(inventory), edges_(edges), settings_(settings) {}

  Learned run() {
    count_windows();
    find_scanners();
    group_edges();
    for (const auto& [key, group] : groups_) judge(key, group);
    std::stable_sort(out_.left_out.begin(), out_.left_out.end(),
                     [](const LeftOut& a, const LeftOut& b) { return a.suspicious && !b.suspicious; });
    build_policies();
    return std::move(out_);
  }

 private:
  void count_windows() {
    std::set<std::int64_t> all;
    for (const auto& [edge, outcome] : edges_.edges()) {
      out_.flows += outcome.flows;
      all.insert(outcome.windows.begin(), outcome.windows.end());
    }
    out_.windows = all.empty() ? 0 : static_cast<std::size_t>(*all.rbegin() - *all.begin() + 1);
  }

  static bool is_unanswered(const EdgeOutcome& outcome) { return outcome.answered * 2 < outcome.flows; }

  // Unanswered ports by pair of hosts, unanswered hosts by source and port.
  void find_scanners() {
    for (const auto& [edge, outcome] : edges_.edges()) {
      if (!is_unanswered(outcome) || !has_ports(edge.protocol)) continue;
      ++scans_[{edge.source, edge.destination}];
      ++sweeps_[{edge.source, edge.protocol, edge.key}];
    }
  }

  [[nodiscard]] std::string suspicion_of(const FlowEdge& edge, const EdgeOutcome& outcome) const {
    if (is_metadata(edge.destination)) return "a metadata service: credentials may be had here";
    const auto scan = scans_.find({edge.source, edge.destination});
    if (is_unanswered(outcome) && scan != scans_.end() && scan->second >= settings_.scan_ports) {
      return "scan: " + std::to_string(scan->second) + " ports of one host unanswered";
    }
    const auto sweep = sweeps_.find({edge.source, edge.protocol, edge.key});
    if (is_unanswered(outcome) && sweep != sweeps_.end() && sweep->second >= settings_.sweep_hosts) {
      return "sweep: " + std::to_string(sweep->second) + " hosts unanswered on this port";
    }
    if (outcome.flows >= 3 && outcome.refused * 2 > outcome.flows) return "mostly refused";
    if (outcome.flows >= settings_.burst_flows && outcome.windows.size() <= 2 && out_.windows >= 10) {
      return "burst: all of it within " + std::to_string(outcome.windows.size() * kEdgeWindow.count()) + " s";
    }
    const bool prober = (scan != scans_.end() && scan->second >= settings_.scan_ports) ||
                        (sweep != sweeps_.end() && sweep->second >= settings_.sweep_hosts);
    if (prober && outcome.windows.size() < std::max<std::size_t>(settings_.min_windows, out_.windows / 4)) {
      return "from a source that scans, and not in regular use";
    }
    return {};
  }

  // Suspicious edges are groups of their own: they must not lend support to others, nor taint them.
  void group_edges() {
    for (const auto& [edge, outcome] : edges_.edges()) {
      if (is_group_address(edge.destination)) continue;
      const std::string suspicion = suspicion_of(edge, outcome);
      Group one;
      one.from = peer_of(inventory_, edge.source);
      one.to = peer_of(inventory_, edge.destination);
      GroupKey key{one.from.to_string(), one.to.to_string(), edge.protocol, edge.key};
      if (suspicion.starts_with("scan")) key.key = 0;  // one line for all its ports
      if (!suspicion.empty()) key.from += "\n" + suspicion;
      Group& group = groups_.try_emplace(key, std::move(one)).first->second;
      group.suspicion = suspicion;
      group.sources.insert(edge.source);
      group.destinations.insert(edge.destination);
      group.windows.insert(outcome.windows.begin(), outcome.windows.end());
      group.sum.flows += outcome.flows;
      group.sum.answered += outcome.answered;
      group.sum.refused += outcome.refused;
      group.sum.midstream += outcome.midstream;
    }
  }

  [[nodiscard]] static Evidence evidence_of(const Group& group) {
    Evidence out;
    out.flows = group.sum.flows;
    out.answered = group.sum.answered;
    out.refused = group.sum.refused;
    out.sources = group.sources.size();
    out.destinations = group.destinations.size();
    out.windows = group.windows.size();
    out.confidence = wilson_lower_bound(group.sum.answered, group.sum.flows);
    return out;
  }

  [[nodiscard]] std::string why_thin(const Group& group, const Evidence& evidence) const {
    if (group.sum.midstream == group.sum.flows) return "only seen in its middle: who calls whom is a guess";
    if (evidence.answered < settings_.min_flows)
      return std::to_string(evidence.answered) + " answered flows are too few";
    if (evidence.windows < settings_.min_windows) {
      return "seen in " + std::to_string(evidence.windows) + " windows of " + std::to_string(kEdgeWindow.count()) +
             " s only";
    }
    if (evidence.confidence < settings_.min_confidence) return "too many flows without an answer";
    return {};
  }

  void judge(const GroupKey& key, const Group& group) {
    const Evidence evidence = evidence_of(group);
    const bool suspicious = !group.suspicion.empty();
    const std::string reason = suspicious ? group.suspicion : why_thin(group, evidence);
    if (reason.empty()) {
      good_.emplace_back(key, &group);
      return;
    }
    const bool many = suspicious && key.key == 0 && group.suspicion.starts_with("scan");
    out_.left_out.push_back({group.from.to_string(), group.to.to_string(),
                             many ? "many ports" : port_text(key.protocol, key.key), reason, evidence, suspicious});
  }

  static bool is_outside(const Peer& peer) { return peer.kind == Peer::Kind::kCidr; }

  // One end's rules: peers on the same port stand in one rule; many hosts outside become world.
  void add_rules(FlowEnd end, const std::string& subject, std::vector<LearnedRule>& rules) const {
    std::map<std::pair<std::uint8_t, std::uint16_t>, std::vector<const Group*>> by_port;
    for (const auto& [key, group] : good_) {
      if ((end == FlowEnd::kIngress ? key.to : key.from) == subject) by_port[{key.protocol, key.key}].push_back(group);
    }
    for (const auto& [port, groups] : by_port) {
      std::vector<const Group*> outside;
      for (const Group* group : groups) {
        const Peer& peer = end == FlowEnd::kIngress ? group->from : group->to;
        if (is_outside(peer)) {
          outside.push_back(group);
        } else {
          rules.push_back(make_rule(end, peer, port, {group}));
        }
      }
      if (outside.size() >= settings_.world_hosts) {
        Peer world;
        world.kind = Peer::Kind::kWorld;
        rules.push_back(make_rule(end, world, port, outside));
        continue;
      }
      for (const Group* group : outside) {
        rules.push_back(make_rule(end, end == FlowEnd::kIngress ? group->from : group->to, port, {group}));
      }
    }
  }

  [[nodiscard]] static LearnedRule make_rule(FlowEnd end, const Peer& peer, std::pair<std::uint8_t, std::uint16_t> port,
                                             const std::vector<const Group*>& groups) {
    Group sum;
    for (const Group* group : groups) {
      sum.sources.insert(group->sources.begin(), group->sources.end());
      sum.destinations.insert(group->destinations.begin(), group->destinations.end());
      sum.windows.insert(group->windows.begin(), group->windows.end());
      sum.sum.flows += group->sum.flows;
      sum.sum.answered += group->sum.answered;
      sum.sum.refused += group->sum.refused;
    }
    LearnedRule out;
    out.rule.end = end;
    out.rule.peers = {peer};
    out.rule.ports = {{port.first, port.second, port.second}};
    out.evidence = evidence_of(sum);
    return out;
  }

  // "learned-shop-db" of "ns=shop app=db".
  static std::string policy_name(const Peer& peer) {
    std::string out = "learned";
    for (const Requirement& r : peer.selector.all) out += "-" + r.values.at(0);
    return out;
  }

  void build_policies() {
    std::map<std::string, Peer> subjects;
    for (const auto& [key, group] : good_) {
      if (group->from.kind == Peer::Kind::kSelector) subjects.emplace(key.from, group->from);
      if (group->to.kind == Peer::Kind::kSelector) subjects.emplace(key.to, group->to);
    }
    std::set<std::string> names;
    for (const auto& [text, peer] : subjects) {
      LearnedPolicy learned;
      Policy& policy = learned.policy;
      policy.name = policy_name(peer);
      while (!names.insert(policy.name).second) policy.name += "-2";
      policy.tier = "platform";
      policy.mode = settings_.enforce ? Policy::Mode::kEnforce : Policy::Mode::kAudit;
      policy.subject = peer.selector;
      add_rules(FlowEnd::kIngress, text, learned.ingress);
      add_rules(FlowEnd::kEgress, text, learned.egress);
      close(FlowEnd::kIngress, learned.ingress, policy.ingress);
      close(FlowEnd::kEgress, learned.egress, policy.egress);
      out_.policies.push_back(std::move(learned));
    }
  }

  static void close(FlowEnd end, const std::vector<LearnedRule>& learned, std::vector<PolicyRule>& rules) {
    for (const LearnedRule& rule : learned) rules.push_back(rule.rule);
    PolicyRule last;
    last.end = end;
    last.action = Action::kDeny;
    last.log = LogSpec{"learned", 10, 0};
    rules.push_back(std::move(last));
  }

  const Inventory& inventory_;
  const FlowEdgeTable& edges_;
  const LearnSettings& settings_;
  Learned out_;
  std::map<std::pair<IpAddress, IpAddress>, std::size_t> scans_;
  std::map<std::tuple<IpAddress, std::uint8_t, std::uint16_t>, std::size_t> sweeps_;
  std::map<GroupKey, Group> groups_;
  std::vector<std::pair<GroupKey, const Group*>> good_;
};

std::string rules_yaml(const char* key, const std::vector<PolicyRule>& rules, const std::vector<LearnedRule>& evidence,
                       std::size_t windows) {
  std::string out = std::string(key) + ":\n";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (i < evidence.size()) out += "  # " + evidence[i].evidence.to_string(windows) + "\n";
    out += "  - " + rules[i].to_string() + "\n";
  }
  return out;
}

}  // namespace

double wilson_lower_bound(std::uint64_t good, std::uint64_t all) {
  if (all == 0) return 0;
  constexpr double kZ = 1.959964;  // 95 %, two-sided
  const auto n = static_cast<double>(all);
  const double p = static_cast<double>(good) / n;
  const double centre = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt((p * (1 - p) + kZ * kZ / (4 * n)) / n);
  return std::max(0.0, (centre - spread) / (1 + kZ * kZ / n));
}

std::string Evidence::to_string(std::size_t all_windows) const {
  char text[200];
  std::snprintf(text, sizeof text,
                "%llu flows, %llu answered, %zu sources, %zu destinations, %zu of %zu windows, confidence %.2f",
                static_cast<unsigned long long>(flows), static_cast<unsigned long long>(answered), sources,
                destinations, windows, all_windows, confidence);
  return text;
}

std::string Learned::to_yaml() const {
  std::string out = "# proposed from " + std::to_string(flows) + " flows in " + std::to_string(windows) +
                    " windows of " + std::to_string(kEdgeWindow.count()) + " s; read it before you enforce it\n";
  for (const LearnedPolicy& learned : policies) {
    const Policy& policy = learned.policy;
    out += "---\npolicy: " + policy.name + "\ntier: " + policy.tier +
           (policy.mode == Policy::Mode::kAudit ? "\nmode: audit" : "") + "\nfor: " + policy.subject.to_string() + "\n";
    out += rules_yaml("ingress", policy.ingress, learned.ingress, windows);
    out += rules_yaml("egress", policy.egress, learned.egress, windows);
  }
  bool heading[2] = {false, false};
  for (const LeftOut& edge : left_out) {
    if (!std::exchange(heading[edge.suspicious ? 0 : 1], true)) {
      out += edge.suspicious ? "# looks like an attack, not proposed:\n" : "# too thin to be proposed:\n";
    }
    out += "#   " + edge.from + " -> " + edge.to + "  " + edge.port + "  " + edge.reason + " (" +
           edge.evidence.to_string(windows) + ")\n";
  }
  return out;
}

Learned learn_policies(const Inventory& inventory, const FlowEdgeTable& edges, const LearnSettings& settings) {
  return Learner(inventory, edges, settings).run();
}

}  // namespace bulkhead::rules
