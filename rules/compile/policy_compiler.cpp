#include "rules/compile/policy_compiler.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "rules/compile/peer_resolver.h"

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

// One rule of the model and its number in the table.
struct Numbered {
  const PolicyRule* rule;
  std::uint32_t id;
  PeerResolver::Needs needs;
};

struct OrderedPolicy {
  const Policy* policy = nullptr;
  std::vector<Numbered> ingress, egress;
  std::uint32_t isolated_rule[2] = {kNone, kNone};  // by FlowEnd

  [[nodiscard]] const std::vector<Numbered>& rules(FlowEnd end) const {
    return end == FlowEnd::kEgress ? egress : ingress;
  }
};

// A tier with the rules that its meaning adds, by FlowEnd.
struct OrderedTier {
  const Tier* tier = nullptr;
  std::uint32_t end_rule[2] = {kNone, kNone};
  std::uint32_t node_rule[2] = {kNone, kNone};
  std::uint32_t self_rule[2] = {kNone, kNone};
  std::vector<OrderedPolicy> policies;
};

}  // namespace

class PolicyCompiler {
 public:
  // A table that knows what it is about and has no programs yet.
  static std::shared_ptr<PolicyTable> empty_table(const PolicyModel& model, const InventoryPtr& inventory) {
    auto table = std::make_shared<PolicyTable>();
    table->model_ = std::make_shared<PolicyModel>(model);
    table->tiers_ = model.tiers;
    table->inventory_ = inventory;
    return table;
  }

  PolicyCompiler(std::shared_ptr<PolicyTable> table, Diagnostics& diagnostics, std::chrono::sys_seconds now)
      : diagnostics_(diagnostics),
        now_(now),
        table_(std::move(table)),
        model_(table_->model()),
        inventory_(table_->inventory()),
        index_(inventory_),
        resolver_(model_, inventory_, index_) {}

  PolicyTablePtr compile() {
    const std::size_t errors_before = diagnostics_.error_count();
    number_rules();
    check_rules();
    select_workloads();
    for (std::uint32_t id = 0; id < inventory_.workloads().size(); ++id) add_workload(id);
    if (diagnostics_.error_count() != errors_before) return nullptr;
    table_->index_.build(table_->workloads_);
    return table_;
  }

 private:
  static constexpr FlowEnd kEnds[] = {FlowEnd::kEgress, FlowEnd::kIngress};

  std::uint32_t add_rule(TableRule rule) {
    table_->rules_.push_back(std::move(rule));
    return static_cast<std::uint32_t>(table_->rules_.size() - 1);
  }

  static TableRule rule_of_policy(const Policy& policy, FlowEnd end) {
    TableRule out;
    out.policy = policy.name;
    out.tier = policy.tier;
    out.end = end;
    out.audit = policy.mode == Policy::Mode::kAudit;
    out.sessions = policy.sessions;
    return out;
  }

  std::vector<Numbered> number_direction(const Policy& policy, FlowEnd end) {
    std::vector<Numbered> out;
    for (const PolicyRule& rule : policy.rules(end)) {
      TableRule entry = rule_of_policy(policy, end);
      entry.key = policy.name + "/" + to_string(end) + "/" + std::to_string(out.size() + 1);
      entry.action = rule.action;
      entry.log = rule.log;
      entry.limit = rule.limit;
      entry.inspect_inline = rule.inspect_inline;
      entry.text = rule.to_string() + (rule.limit ? " limit " + rule.limit->to_string() : "") +
                   (rule.inspect_inline ? " inspect inline" : "") + (rule.name.empty() ? "" : " (" + rule.name + ")");
      entry.span = rule.span;
      out.push_back({&rule, add_rule(std::move(entry)), PeerResolver::needs(rule.peers)});
    }
    return out;
  }

  std::uint32_t number_isolation(const Policy& policy, FlowEnd end) {
    if (!policy.isolates(end)) return kNone;
    TableRule entry = rule_of_policy(policy, end);
    entry.key = policy.name + "/" + to_string(end) + "/isolated";
    entry.role = TableRule::Role::kIsolated;
    entry.action = Action::kDeny;
    entry.text = std::string("deny ") + to_string(end) + " that no rule of the tier allows";
    entry.span = policy.span;
    return add_rule(std::move(entry));
  }

  std::uint32_t number_tier_rule(const Tier& tier, FlowEnd end, TableRule::Role role, const char* name, Action action,
                                 std::string text) {
    TableRule entry;
    entry.key = "tier:" + tier.name + "/" + to_string(end) + "/" + name;
    entry.tier = tier.name;
    entry.role = role;
    entry.end = end;
    entry.action = action;
    entry.text = std::move(text);
    entry.span = tier.span;
    return add_rule(std::move(entry));
  }

  void number_tier_rules(OrderedTier& ordered) {
    const Tier& tier = *ordered.tier;
    for (const FlowEnd end : kEnds) {
      const auto at = static_cast<std::size_t>(end);
      if (tier.kind == Tier::Kind::kNetworkPolicy) {
        ordered.self_rule[at] = number_tier_rule(tier, end, TableRule::Role::kSelf, "self", Action::kAllow,
                                                 "allow a workload to reach itself through a service");
        ordered.node_rule[at] =
            number_tier_rule(tier, end, TableRule::Role::kOwnNode, "own-node", Action::kAllow,
                             end == FlowEnd::kIngress ? "allow from own-node" : "allow to own-node");
      } else if (tier.end != Action::kPass) {
        ordered.end_rule[at] = number_tier_rule(tier, end, TableRule::Role::kTierEnd, "end", tier.end,
                                                "end of tier " + tier.name + ": " + to_string(tier.end));
      }
    }
  }

  bool is_in_force(const Policy& policy) {
    if (!policy.expires) return true;
    if (*policy.expires <= now_) {
      diagnostics_.warning(policy.span, "policy.expired", "this policy has expired and does nothing");
      return false;
    }
    auto& next = table_->next_expiry_;
    next = next ? std::min(*next, *policy.expires) : *policy.expires;
    return true;
  }

  void number_rules() {
    for (const Tier& tier : model_.tiers) {
      OrderedTier ordered;
      ordered.tier = &tier;
      for (const Policy* policy : model_.in_tier(tier.name)) {
        if (!is_in_force(*policy)) continue;
        OrderedPolicy entry;
        entry.policy = policy;
        entry.ingress = number_direction(*policy, FlowEnd::kIngress);
        entry.egress = number_direction(*policy, FlowEnd::kEgress);
        for (const FlowEnd end : kEnds) {
          entry.isolated_rule[static_cast<std::size_t>(end)] = number_isolation(*policy, end);
        }
        ordered.policies.push_back(std::move(entry));
      }
      if (!ordered.policies.empty()) number_tier_rules(ordered);
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

  void check_peer(const Peer& peer, const SourceSpan& span, const std::vector<std::string>& known) {
    if (peer.kind == Peer::Kind::kSelector) check_selector(peer.selector, span, known);
  }

  void check_rules() {
    const std::vector<std::string> known = inventory_.label_keys();
    for (const NamedSet& set : model_.sets) {
      for (const Peer& peer : set.members) check_peer(peer, set.span, known);
    }
    for (const Policy& policy : model_.policies) {
      check_selector(policy.subject, policy.span, known);
      for (const auto* rules : {&policy.ingress, &policy.egress}) {
        for (const PolicyRule& rule : *rules) {
          for (const Peer& peer : rule.peers) check_peer(peer, rule.span, known);
          check_families(rule);
        }
      }
    }
  }

  // A rule whose peers are of one family and whose ICMP types are of the other can never match.
  void check_families(const PolicyRule& rule) {
    if (rule.peers.empty() || rule.ports.empty() || !rule.named_ports.empty()) return;
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

  // For each workload and tier, the policies that select it, in order.
  void select_workloads() {
    selected_.resize(inventory_.workloads().size() * tiers_.size());
    for (std::uint32_t t = 0; t < tiers_.size(); ++t) {
      for (std::uint32_t p = 0; p < tiers_[t].policies.size(); ++p) {
        for (const std::uint32_t id : index_.members(tiers_[t].policies[p].policy->subject)) {
          selected_[id * tiers_.size() + t].push_back(p);
        }
      }
    }
  }

  static bool is_named(const NamedPort& wanted, const WorkloadPort& port) {
    return port.name == wanted.name && (wanted.protocol == 0 || wanted.protocol == port.protocol);
  }

  // The numbers that a rule's port names have at one workload.
  static std::vector<PortMatch> ports_named_by(const PolicyRule& rule, const Workload& workload) {
    std::vector<PortMatch> out;
    for (const NamedPort& wanted : rule.named_ports) {
      for (const WorkloadPort& port : workload.ports) {
        if (is_named(wanted, port)) out.push_back({port.protocol, port.port, port.port});
      }
    }
    return merged_ports(std::move(out));
  }

  // What the matches of a rule depend on, beside the rule, in words.
  std::string context_of(const Numbered& numbered, const Workload& subject) const {
    std::string out;
    if (numbered.needs.name_space) out += subject.name_space;
    out += '/';
    if (numbered.needs.node) out += subject.node;
    out += '/';
    if (numbered.rule->end == FlowEnd::kIngress && !numbered.rule->named_ports.empty()) {
      for (const PortMatch& port : ports_named_by(*numbered.rule, subject)) out += port.to_string() + ",";
    }
    return out;
  }

  const std::vector<std::uint32_t>& matches_of(const Numbered& numbered, const Workload& subject) {
    const auto [entry, fresh] = matches_of_rules_.try_emplace({numbered.id, context_of(numbered, subject)});
    if (fresh) entry->second = make_matches(*numbered.rule, subject);
    return entry->second;
  }

  // At least one, so that the rule keeps its place and `explain` can say why it did not match.
  std::vector<std::uint32_t> make_matches(const PolicyRule& rule, const Workload& subject) {
    TableMatch match;
    match.ports = merged_ports(rule.ports);
    std::vector<std::uint32_t> out;
    if (rule.end == FlowEnd::kIngress) {
      const std::vector<PortMatch> named = ports_named_by(rule, subject);
      match.ports.insert(match.ports.end(), named.begin(), named.end());
      match.ports = merged_ports(std::move(match.ports));
    }
    const AddressSet peers = resolver_.resolve(rule.peers, &subject);
    const std::string key = peers_key(rule.peers, subject);
    const bool only_names = rule.ports.empty() && !rule.named_ports.empty();
    // Without a number the match would be every protocol.
    if (!only_names || !match.ports.empty()) {
      match.peers = peers;
      match.peers_key = key;
      out.push_back(add_match(std::move(match)));
    }
    if (rule.end == FlowEnd::kEgress) add_named_destinations(rule, peers, key, out);
    if (out.empty()) out.push_back(add_match({}));
    return out;
  }

  // See TableMatch. Peers of any and CIDRs alone have no key.
  static std::string peers_key(const std::vector<Peer>& peers, const Workload& subject) {
    const bool fixed = std::all_of(peers.begin(), peers.end(), [](const Peer& p) {
      return p.kind == Peer::Kind::kAny || p.kind == Peer::Kind::kCidr || p.kind == Peer::Kind::kNothing;
    });
    if (fixed) return {};
    std::string out;
    for (const Peer& peer : peers) out += (out.empty() ? "" : ", ") + peer.to_string();
    const PeerResolver::Needs needs = PeerResolver::needs(peers);
    if (needs.name_space) out += " in " + subject.name_space;
    if (needs.node) out += " of " + subject.node;
    return out;
  }

  void add_named_destinations(const PolicyRule& rule, const AddressSet& peers, const std::string& key,
                              std::vector<std::uint32_t>& out) {
    std::map<PortMatch, std::vector<IpAddress>> destinations;
    for (const NamedPort& wanted : rule.named_ports) {
      for (const std::uint32_t id : index_.with_port_name(wanted.name)) {
        const Workload& workload = inventory_.workloads()[id];
        for (const WorkloadPort& port : workload.ports) {
          if (!is_named(wanted, port)) continue;
          for (const IpAddress& address : workload.addresses) {
            if (peers.contains(address)) destinations[{port.protocol, port.port, port.port}].push_back(address);
          }
        }
      }
    }
    // The addresses behind a name change with the inventory even if the peers are fixed.
    std::string words = key.empty() ? peers.to_string(SIZE_MAX) : key, names;
    for (const NamedPort& wanted : rule.named_ports) names += " " + wanted.to_string();
    for (const auto& [port, addresses] : destinations) {
      TableMatch match;
      match.peers = PeerResolver::addresses_of(addresses);
      match.ports = {port};
      match.peers_key = words + " with" + names + " at " + port.to_string();
      out.push_back(add_match(std::move(match)));
    }
  }

  std::uint32_t add_match(TableMatch match) {
    const auto [entry, fresh] = match_ids_.try_emplace(match, static_cast<std::uint32_t>(table_->matches_.size()));
    if (fresh) table_->matches_.push_back(std::move(match));
    return entry->second;
  }

  static TableMatch anybody() {
    TableMatch out;
    out.peers = AddressSet::any();
    return out;
  }

  void add_step(std::uint32_t rule, std::uint32_t match, std::uint32_t tier, Program& program) {
    Step step;
    step.rule = rule;
    step.match = match;
    step.tier = tier;
    step.action = table_->rules_[rule].action;
    step.audit = table_->rules_[rule].audit;
    program.steps.push_back(step);
  }

  // Steps of one policy; audit steps go on behind it.
  void add_policy(const OrderedPolicy& policy, FlowEnd end, std::uint32_t tier, const Workload& subject,
                  Program& program) {
    const std::size_t begin = program.steps.size();
    for (const Numbered& numbered : policy.rules(end)) {
      for (const std::uint32_t match : matches_of(numbered, subject)) add_step(numbered.id, match, tier, program);
    }
    for (std::size_t i = begin; i < program.steps.size(); ++i) {
      if (program.steps[i].audit) program.steps[i].skip_to = static_cast<std::uint32_t>(program.steps.size());
    }
  }

  // What stands behind the policies of a tier that guards the workload.
  void add_end(const OrderedTier& tier, std::uint32_t t, FlowEnd end, std::uint32_t isolated, const Workload& subject,
               Program& program) {
    const auto at = static_cast<std::size_t>(end);
    if (tier.tier->kind != Tier::Kind::kNetworkPolicy) {
      if (tier.end_rule[at] != kNone) add_step(tier.end_rule[at], add_match(anybody()), t, program);
      return;
    }
    if (isolated == kNone) return;
    TableMatch self;
    self.self = true;
    add_step(tier.self_rule[at], add_match(std::move(self)), t, program);
    TableMatch node;
    node.peers = resolver_.own_node(subject);
    node.peers_key = "own-node of " + subject.node;
    if (!node.peers.empty()) add_step(tier.node_rule[at], add_match(std::move(node)), t, program);
    add_step(isolated, add_match(anybody()), t, program);
  }

  void add_tier(std::uint32_t t, FlowEnd end, std::uint32_t workload, Program& program) {
    const OrderedTier& tier = tiers_[t];
    const Workload& subject = inventory_.workloads()[workload];
    const std::size_t begin = program.steps.size();
    bool guarded = false;
    std::uint32_t isolated = kNone;
    for (const std::uint32_t p : selected_[workload * tiers_.size() + t]) {
      const OrderedPolicy& policy = tier.policies[p];
      if (!policy.policy->guards(end)) continue;
      guarded |= policy.policy->mode == Policy::Mode::kEnforce;
      if (isolated == kNone) isolated = policy.isolated_rule[static_cast<std::size_t>(end)];
      add_policy(policy, end, t, subject, program);
    }
    if (guarded) add_end(tier, t, end, isolated, subject, program);
    for (std::size_t i = begin; i < program.steps.size(); ++i) {
      Step& step = program.steps[i];
      if (step.action == Action::kPass && !step.audit) step.skip_to = static_cast<std::uint32_t>(program.steps.size());
    }
  }

  std::uint32_t program_of(std::uint32_t workload, FlowEnd end) {
    Program program;
    for (std::uint32_t t = 0; t < tiers_.size(); ++t) add_tier(t, end, workload, program);
    if (program.steps.empty()) return kNone;
    const auto [entry, fresh] =
        program_ids_.try_emplace(program.steps, static_cast<std::uint32_t>(table_->programs_.size()));
    if (fresh) table_->programs_.push_back(std::move(program));
    return entry->second;
  }

  void add_workload(std::uint32_t id) {
    const Workload& workload = inventory_.workloads()[id];
    if (workload.host_network) return;
    TableWorkload entry;
    entry.name = workload.full_name();
    entry.node = workload.node;
    for (const Attachment& port : workload.all_attachments()) entry.interfaces.push_back(port.interface);
    entry.addresses = workload.addresses;
    entry.egress = program_of(id, FlowEnd::kEgress);
    entry.ingress = program_of(id, FlowEnd::kIngress);
    table_->workloads_.push_back(std::move(entry));
  }

  Diagnostics& diagnostics_;
  std::chrono::sys_seconds now_;
  std::shared_ptr<PolicyTable> table_;
  const PolicyModel& model_;  // the table's copies
  const Inventory& inventory_;
  WorkloadIndex index_;
  PeerResolver resolver_;
  std::vector<OrderedTier> tiers_;
  std::vector<std::vector<std::uint32_t>> selected_;  // workload * tiers + tier: policies of the tier
  std::map<std::pair<std::uint32_t, std::string>, std::vector<std::uint32_t>> matches_of_rules_;
  std::map<TableMatch, std::uint32_t> match_ids_;
  std::map<std::vector<Step>, std::uint32_t> program_ids_;
};

PolicyTablePtr compile_policies(const PolicyModel& model, const InventoryPtr& inventory, Diagnostics& diagnostics,
                                std::optional<std::chrono::sys_seconds> now) {
  const auto clock = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return PolicyCompiler(PolicyCompiler::empty_table(model, inventory), diagnostics, now.value_or(clock)).compile();
}

}  // namespace bulkhead::rules
