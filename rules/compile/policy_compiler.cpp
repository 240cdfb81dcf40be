#include "rules/compile/policy_compiler.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bulkhead::rules {

namespace {

// Joins ranges of one protocol that overlap or touch.
std::vector<PortMatch> merged_ports(std::vector<PortMatch> ports) {
  std::sort(ports.begin(), ports.end());
  std::vector<PortMatch> out;
  for (const PortMatch& port : ports) {
    if (!out.empty() && out.back().protocol == port.protocol && port.first <= std::uint32_t{out.back().last} + 1) {
      out.back().last = std::max(out.back().last, port.last);
    } else {
      out.push_back(port);
    }
  }
  return out;
}

}  // namespace

class PolicyCompiler {
 public:
  PolicyCompiler(const PolicyModel& model, InventoryPtr inventory, Diagnostics& diagnostics)
      : model_(model), diagnostics_(diagnostics), table_(std::make_shared<PolicyTable>()) {
    table_->inventory_ = std::move(inventory);
    table_->tiers_ = model.tiers;
  }

  PolicyTablePtr compile() {
    const std::size_t errors_before = diagnostics_.error_count();
    resolve_fixed_sets();
    number_rules();
    check_labels();
    for (const Workload& workload : table_->inventory_->workloads()) add_workload(workload);
    if (diagnostics_.error_count() != errors_before) return nullptr;
    table_->index_.build(table_->workloads_);
    return table_;
  }

 private:
  // One rule of the model and its number in the table.
  struct Numbered {
    const PolicyRule* rule;
    std::uint32_t id;
  };
  struct OrderedPolicy {
    const Policy* policy;
    std::vector<Numbered> ingress, egress;
  };
  struct OrderedTier {
    std::uint32_t end_rule[2] = {kNone, kNone};  // by FlowEnd
    std::vector<OrderedPolicy> policies;
  };

  static AddressSet addresses_of(const std::vector<IpAddress>& addresses) {
    std::vector<IpRange> ranges;
    for (const IpAddress& address : addresses) ranges.push_back({address, address});
    return AddressSet::of(ranges);
  }

  void resolve_fixed_sets() {
    std::vector<IpAddress> nodes, pods;
    for (const Node& node : table_->inventory_->nodes()) {
      nodes.insert(nodes.end(), node.addresses.begin(), node.addresses.end());
    }
    for (const Workload& workload : table_->inventory_->workloads()) {
      auto& list = workload.host_network ? nodes : pods;
      list.insert(list.end(), workload.addresses.begin(), workload.addresses.end());
    }
    nodes_ = addresses_of(nodes);
    world_ = AddressSet::any().without(addresses_of(pods)).without(nodes_);
  }

  std::uint32_t add_rule(TableRule rule) {
    table_->rules_.push_back(std::move(rule));
    return static_cast<std::uint32_t>(table_->rules_.size() - 1);
  }

  std::vector<Numbered> number_direction(const Policy& policy, FlowEnd end) {
    std::vector<Numbered> out;
    for (const PolicyRule& rule : policy.rules(end)) {
      TableRule entry;
      entry.key = policy.name + "/" + to_string(end) + "/" + std::to_string(out.size() + 1);
      entry.policy = policy.name;
      entry.tier = policy.tier;
      entry.end = end;
      entry.action = rule.action;
      entry.audit = policy.mode == Policy::Mode::kAudit;
      entry.log = rule.log;
      entry.text = rule.to_string();
      entry.span = rule.span;
      out.push_back({&rule, add_rule(std::move(entry))});
    }
    return out;
  }

  void number_rules() {
    for (const Tier& tier : model_.tiers) {
      OrderedTier ordered;
      for (const Policy* policy : model_.in_tier(tier.name)) {
        ordered.policies.push_back(
            {policy, number_direction(*policy, FlowEnd::kIngress), number_direction(*policy, FlowEnd::kEgress)});
      }
      if (tier.end != Action::kPass && !ordered.policies.empty()) {
        for (const FlowEnd end : {FlowEnd::kEgress, FlowEnd::kIngress}) {
          TableRule entry;
          entry.key = "tier:" + tier.name + "/" + to_string(end) + "/end";
          entry.tier = tier.name;
          entry.end = end;
          entry.action = tier.end;
          entry.text = std::string("end of tier ") + tier.name + ": " + to_string(tier.end);
          entry.span = tier.span;
          ordered.end_rule[static_cast<int>(end)] = add_rule(std::move(entry));
        }
      }
      tiers_.push_back(std::move(ordered));
    }
  }

  // Labels that no workload has are most often slips; workloads may come later, so they are no errors.
  void check_selector(const Selector& selector, const SourceSpan& span, const std::vector<std::string>& known) {
    for (const Requirement& r : selector.all) {
      if (r.subject != Requirement::Subject::kLabel || r.op == Requirement::Op::kNotHas ||
          r.op == Requirement::Op::kNotIn || std::binary_search(known.begin(), known.end(), r.key)) {
        continue;
      }
      const std::string near = nearest_word(r.key, known);
      std::string list;
      for (std::size_t i = 0; i < std::min<std::size_t>(known.size(), 12); ++i) list += (i == 0 ? "" : ", ") + known[i];
      diagnostics_.warning(
          span, "policy.selector.unknown_label", "no workload has label \"" + r.key + "\"",
          near.empty() ? (list.empty() ? "" : "known labels are " + list) : "did you mean \"" + near + "\"?");
    }
  }

  void check_labels() {
    const std::vector<std::string> known = table_->inventory_->label_keys();
    for (const Policy& policy : model_.policies) {
      check_selector(policy.subject, policy.span, known);
      for (const auto* rules : {&policy.ingress, &policy.egress}) {
        for (const PolicyRule& rule : *rules) {
          for (const Peer& peer : rule.peers) {
            if (peer.kind == Peer::Kind::kSelector) check_selector(peer.selector, rule.span, known);
          }
          check_families(rule);
        }
      }
    }
  }

  // A rule whose peers are of one family and whose ICMP types are of the other can never match.
  void check_families(const PolicyRule& rule) {
    if (rule.peers.empty() || rule.ports.empty()) return;
    bool v4_peer = false, v6_peer = false, v4_port = false, v6_port = false;
    for (const Peer& peer : rule.peers) {
      v4_peer |= peer.kind != Peer::Kind::kCidr || peer.cidr.address.is_v4();
      v6_peer |= peer.kind != Peer::Kind::kCidr || peer.cidr.address.is_v6();
    }
    for (const PortMatch& port : rule.ports) {
      v4_port |= port.protocol != ip_proto::kIcmpv6;
      v6_port |= port.protocol != ip_proto::kIcmp;
    }
    if ((v4_peer && v4_port) || (v6_peer && v6_port)) return;
    diagnostics_.error(rule.span, "policy.rule.family_mismatch",
                       "the peers and the ICMP types of this rule are of different IP families: it can never match");
  }

  const AddressSet& resolve_selector(const Selector& selector) {
    const std::string key = selector.to_string();
    const auto [entry, fresh] = selectors_.try_emplace(key);
    if (fresh) {
      std::vector<IpAddress> addresses;
      for (const Workload& workload : table_->inventory_->workloads()) {
        if (!selector.matches(workload)) continue;
        addresses.insert(addresses.end(), workload.addresses.begin(), workload.addresses.end());
      }
      entry->second = addresses_of(addresses);
    }
    return entry->second;
  }

  AddressSet resolve_peer(const Peer& peer, const Workload& subject) {
    switch (peer.kind) {
      case Peer::Kind::kAny: return AddressSet::any();
      case Peer::Kind::kWorld: return world_;
      case Peer::Kind::kNodes: return nodes_;
      case Peer::Kind::kSelector: return resolve_selector(peer.selector);
      case Peer::Kind::kSelfNamespace: {
        Requirement same;
        same.subject = Requirement::Subject::kNamespace;
        same.values = {subject.name_space};
        return resolve_selector({{same}});
      }
      case Peer::Kind::kCidr: break;
    }
    std::vector<IpRange> holes;
    for (const IpPrefix& hole : peer.except) holes.push_back({hole.first(), hole.last()});
    return AddressSet::of({{peer.cidr.first(), peer.cidr.last()}}).without(AddressSet::of(holes));
  }

  // The match of a rule; one per namespace of the guarded workload when the rule says self-ns.
  std::uint32_t match_of(const Numbered& numbered, const Workload& subject) {
    const bool own = std::any_of(numbered.rule->peers.begin(), numbered.rule->peers.end(),
                                 [](const Peer& p) { return p.kind == Peer::Kind::kSelfNamespace; });
    const auto [entry, fresh] =
        matches_of_rules_.try_emplace({numbered.id, own ? subject.name_space : std::string()}, kNone);
    if (!fresh) return entry->second;
    TableMatch match;
    match.ports = merged_ports(numbered.rule->ports);
    if (numbered.rule->peers.empty()) match.peers = AddressSet::any();
    for (const Peer& peer : numbered.rule->peers) match.peers = match.peers.unite(resolve_peer(peer, subject));
    match.peers_key = peers_key(numbered.rule->peers, own ? subject.name_space : std::string());
    return entry->second = add_match(std::move(match));
  }

  // See TableMatch. Peers of any and CIDRs alone have no key.
  static std::string peers_key(const std::vector<Peer>& peers, const std::string& own_namespace) {
    const bool fixed = std::all_of(peers.begin(), peers.end(), [](const Peer& p) {
      return p.kind == Peer::Kind::kAny || p.kind == Peer::Kind::kCidr;
    });
    if (fixed) return {};
    std::string out;
    for (const Peer& peer : peers) out += (out.empty() ? "" : ", ") + peer.to_string();
    return own_namespace.empty() ? out : out + " in " + own_namespace;
  }

  std::uint32_t add_match(TableMatch match) {
    const auto [entry, fresh] = match_ids_.try_emplace(match, static_cast<std::uint32_t>(table_->matches_.size()));
    if (fresh) table_->matches_.push_back(std::move(match));
    return entry->second;
  }

  // Steps of one policy; audit steps go on behind it.
  void add_policy(const std::vector<Numbered>& rules, const OrderedPolicy& policy, std::uint32_t tier,
                  const Workload& subject, Program& program) {
    const std::size_t begin = program.steps.size();
    for (const Numbered& numbered : rules) {
      Step step;
      step.rule = numbered.id;
      step.match = match_of(numbered, subject);
      step.tier = tier;
      step.action = numbered.rule->action;
      step.audit = policy.policy->mode == Policy::Mode::kAudit;
      program.steps.push_back(step);
    }
    for (std::size_t i = begin; i < program.steps.size(); ++i) {
      if (program.steps[i].audit) program.steps[i].skip_to = static_cast<std::uint32_t>(program.steps.size());
    }
  }

  void add_tier(std::uint32_t t, FlowEnd end, const Workload& subject, Program& program) {
    const std::size_t begin = program.steps.size();
    bool guarded = false;
    for (const OrderedPolicy& policy : tiers_[t].policies) {
      const auto& rules = end == FlowEnd::kEgress ? policy.egress : policy.ingress;
      if (rules.empty() || !policy.policy->subject.matches(subject)) continue;
      guarded |= policy.policy->mode == Policy::Mode::kEnforce;
      add_policy(rules, policy, t, subject, program);
    }
    const std::uint32_t end_rule = tiers_[t].end_rule[static_cast<int>(end)];
    if (guarded && end_rule != kNone) {
      Step step;
      step.rule = end_rule;
      step.match = add_match({AddressSet::any(), {}, {}});
      step.tier = t;
      step.action = table_->rules_[end_rule].action;
      program.steps.push_back(step);
    }
    for (std::size_t i = begin; i < program.steps.size(); ++i) {
      Step& step = program.steps[i];
      if (step.action == Action::kPass && !step.audit) step.skip_to = static_cast<std::uint32_t>(program.steps.size());
    }
  }

  std::uint32_t program_of(const Workload& workload, FlowEnd end) {
    Program program;
    for (std::uint32_t t = 0; t < tiers_.size(); ++t) add_tier(t, end, workload, program);
    if (program.steps.empty()) return kNone;
    const auto [entry, fresh] =
        program_ids_.try_emplace(program.steps, static_cast<std::uint32_t>(table_->programs_.size()));
    if (fresh) table_->programs_.push_back(std::move(program));
    return entry->second;
  }

  void add_workload(const Workload& workload) {
    if (workload.host_network) return;
    TableWorkload entry;
    entry.name = workload.full_name();
    entry.interface = workload.interface;
    entry.addresses = workload.addresses;
    entry.egress = program_of(workload, FlowEnd::kEgress);
    entry.ingress = program_of(workload, FlowEnd::kIngress);
    table_->workloads_.push_back(std::move(entry));
  }

  const PolicyModel& model_;
  Diagnostics& diagnostics_;
  std::shared_ptr<PolicyTable> table_;
  std::vector<OrderedTier> tiers_;
  AddressSet nodes_, world_;
  std::map<std::string, AddressSet> selectors_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> matches_of_rules_;
  std::map<TableMatch, std::uint32_t> match_ids_;
  std::map<std::vector<Step>, std::uint32_t> program_ids_;
};

PolicyTablePtr compile_policies(const PolicyModel& model, const InventoryPtr& inventory, Diagnostics& diagnostics) {
  return PolicyCompiler(model, inventory, diagnostics).compile();
}

}  // namespace bulkhead::rules
