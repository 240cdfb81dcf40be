#include "rules/reconcile/relabel.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rules/compile/policy_compiler.h"
#include "rules/nft/rule_builder.h"
#include "rules/reconcile/label_changes.h"

namespace bulkhead::rules {

namespace {

// Host-network workloads have their node's.
AddressSet own_addresses(const Workload& workload) {
  if (workload.host_network) return {};
  return PeerResolver::addresses_of(workload.addresses);
}

// Lists of peers with the members of named sets in their place.
std::vector<Peer> expanded(const std::vector<Peer>& peers, const PolicyModel& model) {
  std::vector<Peer> out;
  for (const Peer& peer : peers) {
    const NamedSet* set = peer.kind == Peer::Kind::kSet ? model.set_named(peer.name) : nullptr;
    if (peer.kind != Peer::Kind::kSet) out.push_back(peer);
    if (set != nullptr) out.insert(out.end(), set->members.begin(), set->members.end());
  }
  return out;
}

std::map<std::string, const PolicyRule*> rules_by_key(const PolicyModel& model) {
  std::map<std::string, const PolicyRule*> out;
  for (const Policy& policy : model.policies) {
    for (const FlowEnd end : {FlowEnd::kEgress, FlowEnd::kIngress}) {
      const auto& rules = policy.rules(end);
      for (std::size_t i = 0; i < rules.size(); ++i) {
        out.emplace(policy.name + "/" + to_string(end) + "/" + std::to_string(i + 1), &rules[i]);
      }
    }
  }
  return out;
}

NftTable& table_in(NftRuleset& ruleset, const NftTable& like) {
  for (NftTable& table : ruleset.tables) {
    if (table.family == like.family) return table;
  }
  ruleset.tables.push_back({like.family, like.name, {}, {}});
  return ruleset.tables.back();
}

NftSet* find_set(NftTable& table, const std::string& name) {
  const auto found =
      std::find_if(table.sets.begin(), table.sets.end(), [&](const NftSet& s) { return s.name == name; });
  return found == table.sets.end() ? nullptr : &*found;
}

// Without its elements: copying those of a dispatch map costs more than everything else here.
NftSet definition_of(const NftSet& set) {
  NftSet out;
  out.name = set.name;
  out.key = set.key;
  out.interval = set.interval;
  out.verdict_map = set.verdict_map;
  out.data = set.data;
  out.timeouts = set.timeouts;
  out.from_packets = set.from_packets;
  out.size = set.size;
  out.dynamic_elements = set.dynamic_elements;
  return out;
}

// The set of this name in a part of a ruleset, begun without elements where it is not there yet.
NftSet& part_of(NftTable& table, const NftSet& whole) {
  if (NftSet* set = find_set(table, whole.name)) return *set;
  table.sets.push_back(definition_of(whole));
  return table.sets.back();
}

const NftElement* element_at(const NftSet& set, const Bytes& key) {
  const auto found =
      std::find_if(set.elements.begin(), set.elements.end(), [&](const NftElement& e) { return e.key == key; });
  return found == set.elements.end() ? nullptr : &*found;
}

// Takes `old` out of the elements and puts `fresh` in; their order does not matter.
void replace_elements(std::vector<NftElement>& elements, const std::vector<NftElement>& old,
                      std::vector<NftElement> fresh) {
  for (const NftElement& gone : old) {
    const auto at =
        std::find_if(elements.begin(), elements.end(), [&](const NftElement& e) { return e.key == gone.key; });
    if (at == elements.end()) continue;
    std::iter_swap(at, std::prev(elements.end()));
    elements.pop_back();
  }
  std::move(fresh.begin(), fresh.end(), std::back_inserter(elements));
}

}  // namespace

Relabel::Relabel(PolicyTablePtr table, const EnforcementMode& mode, NftSettings settings)
    : table_(std::move(table)),
      mode_(mode),
      settings_(std::move(settings)),
      index_(table_->inventory()),
      resolver_(table_->model(), table_->inventory(), index_) {
  rules_ = rules_by_key(table_->model());
  possible_ = add_groups(*table_, groups_);
}

bool Relabel::selects(const PeerGroup& group, const Workload& workload) {
  if (workload.host_network) return false;
  return std::any_of(group.by_label.begin(), group.by_label.end(), [&](const Peer& peer) {
    return peer.kind == Peer::Kind::kSelfNamespace ? workload.name_space == group.own_namespace
                                                   : peer.selector.matches(workload);
  });
}

const Workload* Relabel::known(const Workload& changed) const {
  const std::string name = changed.full_name();
  const auto found = relabelled_.find(name);
  return found != relabelled_.end() ? &found->second : table_->inventory().workload_named(name);
}

Relabel::PeerGroup Relabel::group_of(const std::vector<Peer>& peers, const Workload& subject) {
  PeerGroup out;
  std::vector<Peer> fixed;
  for (const Peer& peer : expanded(peers, table_->model())) {
    const bool by_label = peer.kind == Peer::Kind::kSelector || peer.kind == Peer::Kind::kSelfNamespace;
    (by_label ? out.by_label : fixed).push_back(peer);
  }
  out.own_namespace = subject.name_space;
  if (!fixed.empty()) out.fixed = resolver_.resolve(fixed, &subject);
  out.all = out.by_label.empty() ? out.fixed : resolver_.resolve(out.by_label, &subject).unite(out.fixed);
  for (const auto& [name, workload] : relabelled_) {
    const AddressSet own = own_addresses(workload);
    out.all = selects(out, workload) ? out.all.unite(own) : out.all.without(own).unite(out.fixed);
  }
  return out;
}

bool Relabel::add_groups(const PolicyTable& table, std::map<std::string, PeerGroup>& to) {
  std::set<std::uint32_t> seen;
  for (const TableWorkload& entry : table.workloads()) {
    const Workload* subject = table.inventory().workload_named(entry.name);
    for (const std::uint32_t program : {entry.egress, entry.ingress}) {
      if (program == kNone || subject == nullptr || !seen.insert(program).second) continue;
      for (const Step& step : table.programs()[program].steps) {
        const TableMatch& match = table.matches()[step.match];
        if (match.peers_key.empty() || to.contains(match.peers_key) || groups_.contains(match.peers_key)) continue;
        const auto rule = rules_.find(table.rules()[step.rule].key);
        if (rule == rules_.end()) continue;  // the tier's own: no labels in it
        if (!rule->second->named_ports.empty()) return false;
        to.emplace(match.peers_key, group_of(rule->second->peers, *subject));
      }
    }
  }
  return true;
}

// Only the policies that select the workload, and nobody else: its programs are the same, for they name sets by words.
PolicyTablePtr Relabel::compile_for(const Workload& workload) const {
  PolicyModel model;
  model.tiers = table_->model().tiers;
  model.sets = table_->model().sets;
  for (const Policy& policy : table_->model().policies) {
    if (policy.subject.matches(workload)) model.policies.push_back(policy);
  }
  auto inventory = std::make_shared<Inventory>();
  for (const Node& node : table_->inventory().nodes()) static_cast<void>(inventory->add_node(node));
  if (inventory->add_workload(workload)) return nullptr;
  Diagnostics ignored;  // the whole was compiled before
  return compile_policies(model, inventory, ignored);
}

void Relabel::move_members(const std::vector<Workload>& changed, Plan& plan) const {
  for (const auto& [key, group] : groups_) {
    std::optional<AddressSet> all;
    for (const Workload& workload : changed) {
      const bool is = selects(group, workload);
      if (is == selects(group, *known(workload))) continue;
      const AddressSet own = own_addresses(workload);
      if (!all) all = group.all;
      all = is ? all->unite(own) : all->without(own).unite(group.fixed);
    }
    if (!all) continue;
    PeerGroup moved = group;
    moved.all = std::move(*all);
    plan.groups.insert_or_assign(key, std::move(moved));
  }
}

bool Relabel::add_set(const NftTable& small, const NftTable& current, const std::string& name, Plan& plan) {
  NftTable& after = table_in(plan.after, current);
  if (current.set(name) != nullptr || find_set(after, name) != nullptr) return true;
  const NftSet* set = small.set(name);
  if (set == nullptr || name.starts_with("selves")) return false;
  after.sets.push_back(*set);
  for (const auto& [key, group] : plan.groups) {
    for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
      if (peers_set_name(version, key) == name) after.sets.back().elements = interval_elements(group.all, version);
    }
  }
  return true;
}

// The chain, those it leads to, and their sets, where the kernel does not have them yet.
bool Relabel::add_chains(const NftTable& small, const NftTable& current, const std::string& entry, Plan& plan) {
  NftTable& after = table_in(plan.after, current);
  if (current.chain(entry) != nullptr || after.chain(entry) != nullptr) return true;
  const NftChain* chain = small.chain(entry);
  if (chain == nullptr) return false;
  after.chains.push_back(*chain);
  for (const NftRule& rule : chain->rules) {
    for (const Expression& expression : rule.expressions) {
      if (const std::string* set = set_of(expression)) {
        if (!add_set(small, current, *set, plan)) return false;
      }
      const auto* verdict = std::get_if<ExprVerdict>(&expression);
      if (verdict == nullptr || verdict->verdict.chain.empty()) continue;
      if (!add_chains(small, current, verdict->verdict.chain, plan)) return false;
    }
  }
  return true;
}

bool Relabel::move_programs(const Workload& workload, const NftRuleset& current, Plan& plan) {
  if (workload.host_network) return true;  // it is its node
  const PolicyTablePtr small_table = compile_for(workload);
  if (small_table == nullptr || !add_groups(*small_table, plan.groups)) return false;
  NftSettings settings = settings_;
  settings.classes = std::any_of(current.tables.begin(), current.tables.end(),
                                 [](const NftTable& table) { return table.set("egress-classes") != nullptr; });
  const NftRuleset small = render_ruleset(small_table.get(), mode_, settings);
  for (const NftTable& now : current.tables) {
    const NftTable* wanted = small.table(now.family, now.name);
    if (wanted == nullptr) continue;
    std::vector<std::string> entries;
    std::set<std::pair<bool, Bytes>> classes;  // egress or not, number
    for (const char* name : {"egress4", "egress6", "ingress4", "ingress6", "judged4", "judged6"}) {
      const NftSet* whole = now.set(name);
      const NftSet* own = wanted->set(name);
      if (whole == nullptr || own == nullptr) continue;
      NftSet& before = part_of(table_in(plan.before, now), *whole);
      NftSet& after = part_of(table_in(plan.after, now), *whole);
      for (const IpAddress& address : workload.addresses) {
        if (address.is_v4() != (std::string_view(name).back() == '4')) continue;
        const Bytes key = address_bytes(address);
        if (const NftElement* element = element_at(*whole, key)) before.elements.push_back(*element);
        const NftElement* element = element_at(*own, key);
        if (element == nullptr) continue;
        after.elements.push_back(*element);
        if (element->verdict) entries.push_back(element->verdict->chain);
        if (!element->data.empty()) classes.insert({std::string_view(name).starts_with('e'), element->data});
      }
    }
    for (const auto& [egress, number] : classes) {
      const char* name = egress ? "egress-classes" : "ingress-classes";
      const NftSet* whole = now.set(name);
      const NftSet* own = wanted->set(name);
      const NftElement* element = own == nullptr ? nullptr : element_at(*own, number);
      if (whole == nullptr || element == nullptr || !element->verdict) return false;
      if (const NftElement* known = element_at(*whole, number)) {
        if (known->verdict != element->verdict) return false;  // two chains with one number
        continue;
      }
      part_of(table_in(plan.before, now), *whole);
      NftSet& after = part_of(table_in(plan.after, now), *whole);
      if (element_at(after, number) != nullptr) continue;
      after.elements.push_back(*element);
      entries.push_back(element->verdict->chain);
    }
    for (const std::string& entry : entries) {
      if (!add_chains(*wanted, now, entry, plan)) return false;
    }
  }
  return true;
}

std::optional<Relabel::Plan> Relabel::plan(const std::vector<Workload>& changed, const NftRuleset& current) {
  if (!possible_) return std::nullopt;
  for (const Workload& workload : changed) {
    const Workload* before = known(workload);
    if (before == nullptr || !same_but_labels(*before, workload)) return std::nullopt;
  }
  Plan out;
  out.workloads = changed;
  for (const NftTable& table : current.tables) {
    table_in(out.before, table);
    table_in(out.after, table);
  }
  move_members(changed, out);
  for (const Workload& workload : changed) {
    if (!move_programs(workload, current, out)) return std::nullopt;
  }
  // Groups that came up on the way were resolved with the old labels.
  for (auto& [key, group] : out.groups) {
    for (const Workload& workload : changed) {
      const AddressSet own = own_addresses(workload);
      group.all = selects(group, workload) ? group.all.unite(own) : group.all.without(own).unite(group.fixed);
    }
    for (const NftTable& table : current.tables) {
      for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
        const std::string name = peers_set_name(version, key);
        NftTable& after = table_in(out.after, table);
        if (NftSet* fresh = find_set(after, name)) fresh->elements = interval_elements(group.all, version);
        const NftSet* whole = table.set(name);
        if (whole == nullptr) continue;
        table_in(out.before, table).sets.push_back(*whole);
        NftSet moved = definition_of(*whole);
        moved.elements = interval_elements(group.all, version);
        after.sets.push_back(std::move(moved));
      }
    }
  }
  return out;
}

void Relabel::commit(Plan plan, NftRuleset& current) {
  for (NftTable& after : plan.after.tables) {
    NftTable& table = table_in(current, after);
    NftTable& before = table_in(plan.before, after);
    for (NftChain& chain : after.chains) table.chains.push_back(std::move(chain));
    for (NftSet& set : after.sets) {
      NftSet* whole = find_set(table, set.name);
      const NftSet* old = find_set(before, set.name);
      if (whole == nullptr) {
        table.sets.push_back(std::move(set));
      } else if (whole->interval || old == nullptr) {
        whole->elements = std::move(set.elements);
      } else {
        replace_elements(whole->elements, old->elements, std::move(set.elements));
      }
    }
  }
  for (auto& [key, group] : plan.groups) groups_.insert_or_assign(key, std::move(group));
  for (Workload& workload : plan.workloads) relabelled_.insert_or_assign(workload.full_name(), std::move(workload));
}

}  // namespace bulkhead::rules
