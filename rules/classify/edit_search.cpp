#include "rules/classify/edit_search.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "rules/compile/explain.h"
#include "rules/compile/policy_compiler.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

namespace {

std::string place(const SourceSpan& span) {
  return span.file && span.line != 0 ? span.file->name() + ":" + std::to_string(span.line) : "(no place)";
}

PolicyTablePtr compiled(const PolicyModel& model, const InventoryPtr& inventory) {
  Diagnostics ignored;  // warnings of the original were told already
  return compile_policies(model, inventory, ignored);
}

Requirement is(Requirement::Subject subject, std::string value) {
  Requirement out;
  out.subject = subject;
  out.values = {std::move(value)};
  return out;
}

std::string yaml_labels(const Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) out += (out.empty() ? "" : ", ") + key + ": \"" + value + "\"";
  return "{matchLabels: {" + out + "}}";
}

// A verdict for each pair of the first workloads, on the protocol and port of the flow.
std::vector<bool> verdict_matrix(const PolicyTablePtr& table, const FlowQuery& query) {
  const Classifier classifier(table);
  std::vector<IpAddress> addresses;
  for (const TableWorkload& workload : table->workloads()) {
    if (addresses.size() == kMatrixWorkloads) break;
    for (const IpAddress& address : workload.addresses) {
      if (address.family() != query.tuple.source.family()) continue;
      addresses.push_back(address);
      break;
    }
  }
  std::vector<bool> out;
  out.reserve(addresses.size() * addresses.size());
  FlowQuery one = query;
  for (const IpAddress& from : addresses) {
    for (const IpAddress& to : addresses) {
      one.tuple.source = from;
      one.tuple.destination = to;
      out.push_back(classifier.classify(one).allowed());
    }
  }
  return out;
}

struct Candidate {
  PolicyModel model;
  ProposedEdit edit;
  std::size_t other_flows = 0;
};

class EditSearch {
 public:
  EditSearch(const PolicyTable& table, const FlowQuery& query)
      : inventory_(table.inventory_ptr()), query_(query), want_allow_(explain(table, query).action != Action::kAllow) {}

  std::optional<EditProposal> run(const PolicyTable& table) {
    EditProposal out;
    out.model = table.model();
    PolicyTablePtr now = compiled(out.model, inventory_);
    const std::vector<bool> before = verdict_matrix(now, query_);
    for (std::size_t round = 0; round < kMaxEdits; ++round) {
      auto best = best_candidate(*now, before);
      if (!best) return std::nullopt;
      out.model = std::move(best->model);
      out.edits.push_back(std::move(best->edit));
      out.other_flows = best->other_flows;
      now = compiled(out.model, inventory_);
      if (flipped(*now)) return out;
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool flipped(const PolicyTable& table) const {
    return (explain(table, query_).action == Action::kAllow) == want_allow_;
  }

  // How far the flow is from the other verdict: ends that still stand in the way.
  [[nodiscard]] std::size_t obstacles(const PolicyTable& table) const {
    if (flipped(table)) return 0;
    if (!want_allow_) return 1;
    // Ingress is only asked once egress admits: an obstacle there may hide a second one.
    return explain(table, query_).ends.size() == 1 ? 2 : 1;
  }

  std::optional<Candidate> best_candidate(const PolicyTable& table, const std::vector<bool>& before) {
    candidates_.clear();
    const Explanation why = explain(table, query_);
    for (const ExplainedEnd& end : why.ends) {
      if (end.workload.empty() || (want_allow_ && end.action == Action::kAllow)) continue;
      want_allow_ ? add_openings(table, end) : add_closings(table, end);
    }
    const std::size_t obstacles_now = obstacles(table);
    std::optional<Candidate> best;
    using Rank = std::tuple<std::size_t, unsigned, std::size_t>;
    Rank best_rank{};
    for (Candidate& candidate : candidates_) {
      const PolicyTablePtr after = compiled(candidate.model, inventory_);
      if (after == nullptr) continue;
      const std::size_t left = obstacles(*after);
      const bool removes_one_of_many = !want_allow_ && candidate.edit.deletes;
      if (left >= obstacles_now && !removes_one_of_many) continue;
      const std::vector<bool> matrix = verdict_matrix(after, query_);
      std::size_t changed = 0;
      for (std::size_t i = 0; i < std::min(matrix.size(), before.size()); ++i) changed += matrix[i] != before[i];
      candidate.other_flows = changed == 0 ? 0 : changed - 1;
      // An edit that leaves the verdict as it was costs another one.
      const Rank rank{left != 0 && !want_allow_ ? 1 : 0, candidate.edit.lines, candidate.other_flows};
      if (best && !(rank < best_rank)) continue;
      best_rank = rank;
      best = candidate;
    }
    return best;
  }

  [[nodiscard]] const Workload* workload(const IpAddress& address) const { return inventory_->workload_at(address); }
  [[nodiscard]] const IpAddress& far_end(FlowEnd end) const {
    return end == FlowEnd::kEgress ? query_.tuple.destination : query_.tuple.source;
  }
  [[nodiscard]] const IpAddress& own_end(FlowEnd end) const {
    return end == FlowEnd::kEgress ? query_.tuple.source : query_.tuple.destination;
  }

  // The far end as a peer: as a manifest can say it (by labels) or by name.
  [[nodiscard]] Peer far_peer(FlowEnd end, bool manifest) const {
    Peer out;
    const Workload* other = workload(far_end(end));
    if (other == nullptr) {
      out.kind = Peer::Kind::kCidr;
      out.cidr = {far_end(end), far_end(end).bit_count()};
      return out;
    }
    out.kind = Peer::Kind::kSelector;
    out.selector.all.push_back(is(Requirement::Subject::kNamespace, other->name_space));
    if (!manifest) {
      out.selector.all.push_back(is(Requirement::Subject::kPod, other->name));
      return out;
    }
    for (const auto& [key, value] : other->labels) {
      Requirement r = is(Requirement::Subject::kLabel, value);
      r.key = key;
      out.selector.all.push_back(std::move(r));
    }
    return out;
  }

  [[nodiscard]] PolicyRule exact_rule(Action action, FlowEnd end, bool manifest) const {
    PolicyRule out;
    out.action = action;
    out.end = end;
    out.peers = {far_peer(end, manifest)};
    out.ports = {{query_.tuple.protocol, query_.port_key(), query_.port_key()}};
    const bool numbered = has_ports(query_.tuple.protocol) || query_.is_icmp();
    if (!numbered) out.ports = {{query_.tuple.protocol, 0, 65535}};
    return out;
  }

  // The same rule as an item of a manifest's list.
  [[nodiscard]] std::string manifest_text(const PolicyRule& rule, Policy::Origin origin) const {
    const Workload* other = workload(far_end(rule.end));
    const bool cluster = origin != Policy::Origin::kNetworkPolicy;
    std::string peer;
    if (other == nullptr) {
      const std::string cidr = far_peer(rule.end, true).cidr.to_string();
      peer = cluster ? "{networks: [\"" + cidr + "\"]}" : "{ipBlock: {cidr: \"" + cidr + "\"}}";
    } else {
      const std::string selectors = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: \"" +
                                    other->name_space + "\"}}, podSelector: " + yaml_labels(other->labels);
      peer = cluster ? "{pods: {" + selectors + "}}" : "{" + selectors + "}";
    }
    std::string protocol = protocol_name(query_.tuple.protocol);
    const std::string port = std::to_string(query_.tuple.destination_port);
    std::string ports;
    if (origin == Policy::Origin::kCluster) {
      ports = "protocols: [{" + protocol + ": {destinationPort: {number: " + port + "}}}]";
    } else {
      for (char& c : protocol) c = static_cast<char>(c & ~0x20);
      ports = "{protocol: " + protocol + ", port: " + port + "}";
      ports = cluster ? "ports: [{portNumber: " + ports + "}]" : "ports: [" + ports + "]";
    }
    const std::string word = rule.action == Action::kDeny         ? "Deny"
                             : origin == Policy::Origin::kCluster ? "Accept"
                                                                  : "Allow";
    return "- {" + (cluster ? "action: " + word + ", " : std::string()) +
           (rule.end == FlowEnd::kIngress ? "from" : "to") + ": [" + peer + "], " + ports + "}";
  }

  [[nodiscard]] std::string text_of(const PolicyRule& rule, const Policy& policy) const {
    return policy.origin == Policy::Origin::kNative ? "- " + rule.to_string() : manifest_text(rule, policy.origin);
  }

  static Policy* policy_named(PolicyModel& model, const std::string& name) {
    for (Policy& policy : model.policies) {
      if (policy.name == name) return &policy;
    }
    return nullptr;
  }

  static std::vector<PolicyRule>& rules_of(Policy& policy, FlowEnd end) {
    return end == FlowEnd::kIngress ? policy.ingress : policy.egress;
  }

  // Manifests say TCP, UDP and SCTP only, and their ingress peers of cluster policies are pods only.
  [[nodiscard]] bool can_say(const Policy& policy, FlowEnd end) const {
    if (policy.origin == Policy::Origin::kNative) return true;
    if (!has_ports(query_.tuple.protocol)) return false;
    return policy.origin == Policy::Origin::kNetworkPolicy || end == FlowEnd::kEgress ||
           workload(far_end(end)) != nullptr;
  }

  // One rule more in a policy, before rule `index` or, at the end, behind the last.
  void add_insertion(const PolicyTable& table, const std::string& name, FlowEnd end, std::size_t index, Action action) {
    Candidate out;
    out.model = table.model();
    Policy* policy = policy_named(out.model, name);
    if (policy == nullptr || !can_say(*policy, end)) return;
    std::vector<PolicyRule>& rules = rules_of(*policy, end);
    PolicyRule rule = exact_rule(action, end, policy->origin != Policy::Origin::kNative);
    out.edit.text = text_of(rule, *policy);
    if (index < rules.size()) {
      out.edit.where = place(rules[index].span) + ", above this rule of " + name;
    } else {
      const SourceSpan& last = rules.empty() ? policy->span : rules.back().span;
      out.edit.where = place(last) + ", last of the " + to_string(end) + " rules of " + name;
    }
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(std::min(index, rules.size())), std::move(rule));
    candidates_.push_back(std::move(out));
  }

  void add_deletion(const PolicyTable& table, const std::string& name, FlowEnd end, std::size_t index) {
    Candidate out;
    out.model = table.model();
    Policy* policy = policy_named(out.model, name);
    if (policy == nullptr || index >= rules_of(*policy, end).size()) return;
    std::vector<PolicyRule>& rules = rules_of(*policy, end);
    out.edit.deletes = true;
    out.edit.where = place(rules[index].span);
    out.edit.text = rules[index].to_string();
    rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(index));
    candidates_.push_back(std::move(out));
  }

  // The last ordered tier before `before_tier`, if possible one of native policies alone.
  static const Tier* home_before(const std::vector<Tier>& tiers, const std::string& before_tier) {
    const Tier* ordered = nullptr;
    const Tier* plain = nullptr;
    for (const Tier& tier : tiers) {
      if (tier.name == before_tier) break;
      if (tier.kind != Tier::Kind::kOrdered) continue;
      ordered = &tier;
      if (tier.maps == Tier::Maps::kNothing) plain = &tier;
    }
    return plain != nullptr && plain != &tiers.front() ? plain : ordered;
  }

  // A policy for this end alone.
  void add_policy(const PolicyTable& table, FlowEnd end, Action action, const std::string& before_tier) {
    const Workload* own = workload(own_end(end));
    const Tier* home = home_before(table.tiers(), before_tier);
    if (own == nullptr) return;
    if (home == nullptr) return;
    Candidate out;
    out.model = table.model();
    Policy policy;
    policy.name = std::string(to_string(action)) + "-" + to_string(end) + "-" + own->name + "-" +
                  std::to_string(query_.tuple.destination_port);
    while (policy_named(out.model, policy.name) != nullptr) policy.name += "x";
    policy.tier = home->name;
    policy.order = 0;
    for (const Policy* other : out.model.in_tier(home->name)) {
      if (other->order == policy.order) ++*policy.order;
    }
    policy.subject.all = {is(Requirement::Subject::kNamespace, own->name_space),
                          is(Requirement::Subject::kPod, own->name)};
    const PolicyRule rule = exact_rule(action, end, false);
    out.edit.where = "new document";
    out.edit.lines = 6;
    out.edit.text = "policy: " + policy.name + "\ntier: " + policy.tier + "\norder: " + std::to_string(*policy.order) +
                    "\nfor: " + policy.subject.to_string() + "\n" + to_string(end) + ":\n  - " + rule.to_string();
    rules_of(policy, end).push_back(rule);
    out.model.policies.push_back(std::move(policy));
    candidates_.push_back(std::move(out));
  }

  [[nodiscard]] static std::size_t index_of(const TableRule& rule) {
    return static_cast<std::size_t>(std::stoul(rule.key.substr(rule.key.rfind('/') + 1))) - 1;
  }

  void add_openings(const PolicyTable& table, const ExplainedEnd& judged) {
    const TableRule& rule = table.rules()[judged.rule];
    switch (rule.role) {
      case TableRule::Role::kWritten:
        add_insertion(table, rule.policy, judged.end, index_of(rule), Action::kAllow);
        add_deletion(table, rule.policy, judged.end, index_of(rule));
        break;
      case TableRule::Role::kIsolated: add_insertion(table, rule.policy, judged.end, SIZE_MAX, Action::kAllow); break;
      case TableRule::Role::kTierEnd: add_to_last_guard(table, judged, rule.tier); break;
      case TableRule::Role::kOwnNode:
      case TableRule::Role::kSelf: break;
    }
    add_policy(table, judged.end, Action::kAllow, rule.tier);
  }

  void add_to_last_guard(const PolicyTable& table, const ExplainedEnd& judged, const std::string& tier) {
    const Workload* own = workload(own_end(judged.end));
    const Policy* last = nullptr;
    for (const Policy* policy : table.model().in_tier(tier)) {
      if (policy->guards(judged.end) && own != nullptr && policy->subject.matches(*own)) last = policy;
    }
    if (last != nullptr) add_insertion(table, last->name, judged.end, SIZE_MAX, Action::kAllow);
  }

  void add_closings(const PolicyTable& table, const ExplainedEnd& judged) {
    if (judged.rule != kNone) {
      const TableRule& rule = table.rules()[judged.rule];
      if (rule.role == TableRule::Role::kWritten) {
        const auto tier = table.model().tier_index(rule.tier);
        const bool ordered = tier && table.tiers()[*tier].kind == Tier::Kind::kOrdered;
        if (ordered) add_insertion(table, rule.policy, judged.end, index_of(rule), Action::kDeny);
        add_deletion(table, rule.policy, judged.end, index_of(rule));
      }
      return add_policy(table, judged.end, Action::kDeny, rule.tier);
    }
    add_policy(table, judged.end, Action::kDeny, {});
  }

  InventoryPtr inventory_;
  FlowQuery query_;
  bool want_allow_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::string EditProposal::to_string() const {
  std::string out;
  for (const ProposedEdit& edit : edits) {
    out += "  " + edit.where + (edit.deletes ? ", delete:\n" : ", add:\n");
    std::size_t at = 0;
    while (at <= edit.text.size()) {
      const std::size_t end = std::min(edit.text.find('\n', at), edit.text.size());
      out += std::string("    ") + (edit.deletes ? "- " : "+ ") + edit.text.substr(at, end - at) + "\n";
      at = end + 1;
    }
  }
  return out + "  other flows between workloads that change on this port: " + std::to_string(other_flows) + "\n";
}

std::optional<EditProposal> smallest_edit(const PolicyTable& table, const FlowQuery& query) {
  if (always_open(query)) return std::nullopt;
  return EditSearch(table, query).run(table);
}

}  // namespace bulkhead::rules
