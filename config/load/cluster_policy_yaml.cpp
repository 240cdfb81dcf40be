// spec of AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha1, v1alpha2).
#include <algorithm>
#include <set>
#include <utility>

#include "config/load/kubernetes_names.h"
#include "config/load/label_selector_yaml.h"
#include "config/load/manifest_parts.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::config {

namespace {

using rules::Action;
using rules::FlowEnd;
using rules::Peer;
using rules::Policy;
using rules::PolicyRule;
using rules::Requirement;

// What differs between the two generations of the API.
struct Dialect {
  std::vector<std::string> actions;
  std::size_t max_rules;
  std::size_t max_items;
  bool namespace_selector_required;
  const char* ports_key;
};

class ClusterPolicyReader {
 public:
  ClusterPolicyReader(const Dialect& dialect, Diagnostics& diagnostics, Policy& policy)
      : dialect_(dialect), diagnostics_(diagnostics), policy_(policy) {}

  void read(const YamlNode* spec) {
    if (spec == nullptr || spec->is_null()) {
      diagnostics_.error(policy_.span, "yaml.missing_key", "this object needs the key \"spec\"");
      return;
    }
    YamlMap map(*spec, diagnostics_);
    read_tier(map);
    if (const YamlNode* subject = map.require("subject")) read_subject(*subject);
    read_rules(map, "ingress", FlowEnd::kIngress, policy_.ingress);
    read_rules(map, "egress", FlowEnd::kEgress, policy_.egress);
    map.finish();
  }

 private:
  void read_tier(YamlMap& map) {
    policy_.tier = policy_.origin == Policy::Origin::kBaselineAdmin ? "Baseline" : "Admin";
    if (policy_.origin == Policy::Origin::kCluster) {
      const YamlNode* tier = map.require("tier");
      const auto word = tier == nullptr ? std::nullopt : yaml_choice(*tier, diagnostics_, {"Admin", "Baseline"});
      if (word) policy_.tier = *word;
    }
    if (policy_.origin == Policy::Origin::kBaselineAdmin) return;
    const YamlNode* priority = map.require("priority");
    if (priority != nullptr) policy_.order = yaml_integer(*priority, diagnostics_, 0, 1000);
  }

  // The one field of a map that may have exactly one; null after reporting.
  const YamlEntry* only_field(const YamlNode& node, const char* what) {
    const YamlMap check(node, diagnostics_);
    if (!check.valid()) return nullptr;
    if (node.entries.size() == 1) return &node.entries[0];
    diagnostics_.error(node.span, "manifest.one_field",
                       std::string(what) + (node.entries.empty() ? " has no field" : " has more than one field"),
                       "exactly one may be set");
    return nullptr;
  }

  void read_pods(const YamlNode& node, std::vector<Requirement>& out) {
    YamlMap map(node, diagnostics_);
    const YamlNode* spaces =
        dialect_.namespace_selector_required ? map.require("namespaceSelector") : map.get("namespaceSelector");
    const YamlNode* pods = map.require("podSelector");
    map.finish();
    if (spaces != nullptr) {
      read_label_selector(*spaces, Requirement::Subject::kNamespaceLabel, diagnostics_, out);
    }
    if (pods != nullptr) read_label_selector(*pods, Requirement::Subject::kLabel, diagnostics_, out);
  }

  bool is_given(const YamlEntry& field) {
    if (!field.value.is_null()) return true;
    diagnostics_.error(field.key_span, "manifest.one_field", "\"" + field.key + "\" has no value",
                       "{} selects everything");
    return false;
  }

  void read_subject(const YamlNode& node) {
    const YamlEntry* field = only_field(node, "the subject");
    if (field == nullptr || !is_given(*field)) return;
    if (field->key == "namespaces") {
      read_label_selector(field->value, Requirement::Subject::kNamespaceLabel, diagnostics_, policy_.subject.all);
    } else if (field->key == "pods") {
      read_pods(field->value, policy_.subject.all);
    } else {
      diagnostics_.error(field->key_span, "yaml.unknown_key", "unknown key \"" + field->key + "\"",
                         "a subject is namespaces or pods");
    }
  }

  void read_rules(YamlMap& map, const char* key, FlowEnd end, std::vector<PolicyRule>& rules) {
    const std::vector<YamlNode>& list = map.sequence(key);
    if (list.size() > dialect_.max_rules) {
      diagnostics_.error(map.get(key)->span, "manifest.too_many",
                         std::to_string(list.size()) + " rules, at most " + std::to_string(dialect_.max_rules));
    }
    for (const YamlNode& node : list) read_rule(node, end, rules);
  }

  void read_rule(const YamlNode& node, FlowEnd end, std::vector<PolicyRule>& rules) {
    YamlMap map(node, diagnostics_);
    if (!map.valid()) return;
    PolicyRule rule;
    rule.end = end;
    rule.span = node.span;
    rule.name = map.text("name").value_or("");
    if (rule.name.size() > 100) {
      diagnostics_.error(map.get("name")->span, "manifest.rule_name", "a rule's name has at most 100 characters");
    }
    const YamlNode* action = map.require("action");
    const auto word = action == nullptr ? std::nullopt : yaml_choice(*action, diagnostics_, dialect_.actions);
    rule.action = word == "Deny" ? Action::kDeny : word == "Pass" ? Action::kPass : Action::kAllow;
    bool known = true;
    for (const YamlNode* peer : items(map, end == FlowEnd::kIngress ? "from" : "to", true)) {
      known &= read_peer(*peer, rule);
    }
    for (const YamlNode* port : items(map, dialect_.ports_key, false)) {
      policy_.origin == Policy::Origin::kCluster ? read_protocol_match(*port, rule) : read_port(*port, rule);
    }
    check_named_ports(node, rule);
    map.finish();
    if (!known) fail_closed(rule);
    rules.push_back(std::move(rule));
  }

  // The items of a list that, when it is there, has one at least and not too many.
  std::vector<const YamlNode*> items(YamlMap& map, const char* key, bool required) {
    const YamlNode* list = required ? map.require(key) : map.get(key);
    std::vector<const YamlNode*> out;
    if (list == nullptr || list->is_null()) return out;
    for (const YamlNode& item : map.sequence(key)) out.push_back(&item);
    if (list->is_sequence() && (out.empty() || out.size() > dialect_.max_items)) {
      diagnostics_.error(list->span, out.empty() ? "manifest.empty_list" : "manifest.too_many",
                         std::string("\"") + key + "\" has 1 to " + std::to_string(dialect_.max_items) + " items");
    }
    return out;
  }

  // See the head of manifest_yaml.h.
  void fail_closed(PolicyRule& rule) {
    rule.ports.clear();
    rule.named_ports.clear();
    rule.peers.clear();
    if (rule.action == Action::kAllow) {
      Peer nobody;
      nobody.kind = Peer::Kind::kNothing;
      rule.peers.push_back(nobody);
    } else {
      rule.action = Action::kDeny;
    }
  }

  // False: a peer of a kind that is not known.
  bool read_peer(const YamlNode& node, PolicyRule& rule) {
    const YamlEntry* field = only_field(node, "the peer");
    if (field == nullptr) return true;
    const bool egress = rule.end == FlowEnd::kEgress;
    Peer peer;
    peer.kind = Peer::Kind::kSelector;
    if (field->key == "namespaces" || field->key == "pods" || (egress && field->key == "nodes")) {
      if (!is_given(*field)) return true;
      if (field->key == "pods") {
        read_pods(field->value, peer.selector.all);
      } else if (field->key == "nodes") {
        peer.kind = Peer::Kind::kNodes;
        read_label_selector(field->value, Requirement::Subject::kLabel, diagnostics_, peer.selector.all);
      } else {
        read_label_selector(field->value, Requirement::Subject::kNamespaceLabel, diagnostics_, peer.selector.all);
      }
      rule.peers.push_back(std::move(peer));
      return true;
    }
    if (egress && field->key == "networks") {
      read_networks(field->value, rule);
      return true;
    }
    if (egress && field->key == "domainNames") {
      read_domains(field->value, rule);
      return true;
    }
    diagnostics_.warning(field->key_span, "manifest.unknown_peer", "peers of kind \"" + field->key + "\" are not known",
                         rule.action == Action::kAllow ? "the rule matches nothing" : "the rule denies everything");
    return false;
  }

  const std::vector<YamlNode>& list_of(const YamlNode& node) {
    if (!node.is_sequence() || node.items.empty() || node.items.size() > dialect_.max_items) {
      diagnostics_.error(node.span,
                         node.is_sequence() && !node.items.empty() ? "manifest.too_many" : "manifest.empty_list",
                         "expected a list of 1 to " + std::to_string(dialect_.max_items) + " items");
    }
    std::set<std::string> seen;
    for (const YamlNode& item : node.items) {
      if (!item.is_scalar() || seen.insert(item.text).second) continue;
      diagnostics_.error(item.span, "manifest.duplicate", "\"" + item.text + "\" stands twice in this list");
    }
    return node.items;
  }

  void read_networks(const YamlNode& node, PolicyRule& rule) {
    for (const YamlNode& item : list_of(node)) {
      const auto network = read_network(item, diagnostics_);
      if (!network) continue;
      Peer peer;
      peer.kind = Peer::Kind::kCidr;
      peer.cidr = *network;
      rule.peers.push_back(std::move(peer));
    }
  }

  void read_domains(const YamlNode& node, PolicyRule& rule) {
    if (rule.action != Action::kAllow) {
      diagnostics_.error(node.span, "manifest.domain_action", "domainNames stand only in rules that accept",
                         "accept the names, then deny the rest by networks");
    }
    for (const YamlNode& item : list_of(node)) {
      const auto name = manifest_text(item, diagnostics_);
      if (!name) continue;
      if (!is_domain_pattern(*name)) {
        diagnostics_.error(item.span, "manifest.bad_domain", "\"" + *name + "\" is no domain name",
                           "example.org, *.example.org; the star stands for whole labels at the start");
        continue;
      }
      Peer peer;
      peer.kind = Peer::Kind::kDnsName;
      peer.name = *name;
      rule.peers.push_back(std::move(peer));
    }
  }

  void read_range(const YamlNode& node, std::uint8_t protocol, PolicyRule& rule) {
    YamlMap map(node, diagnostics_);
    const std::uint8_t own = map.has("protocol") ? read_protocol(map, diagnostics_).value_or(protocol) : protocol;
    const YamlNode* start = map.require("start");
    const YamlNode* end = map.require("end");
    map.finish();
    const auto first = start == nullptr ? std::nullopt : read_port_number(*start, diagnostics_);
    const auto last = end == nullptr ? std::nullopt : read_port_number(*end, diagnostics_);
    if (!first || !last) return;
    if (*first >= *last) {
      diagnostics_.error(end->span, "manifest.port.range", "the end of a range is above its start",
                         *first == *last ? "for one port write its number" : "");
      return;
    }
    rule.ports.push_back({own, *first, *last});
  }

  // v1alpha1: portNumber, portRange or namedPort.
  void read_port(const YamlNode& node, PolicyRule& rule) {
    const YamlEntry* field = only_field(node, "the port");
    if (field == nullptr || !is_given(*field)) return;
    constexpr std::uint8_t kTcp = 6;
    if (field->key == "portNumber") {
      YamlMap map(field->value, diagnostics_);
      const auto protocol = read_protocol(map, diagnostics_);
      const YamlNode* port = map.require("port");
      map.finish();
      const auto number = port == nullptr ? std::nullopt : read_port_number(*port, diagnostics_);
      if (number && protocol) rule.ports.push_back({*protocol, *number, *number});
    } else if (field->key == "portRange") {
      read_range(field->value, kTcp, rule);
    } else if (field->key == "namedPort") {
      if (const auto name = read_port_name(field->value, diagnostics_)) rule.named_ports.push_back({*name, 0});
    } else {
      unknown_port(*field, "portNumber, portRange or namedPort");
    }
  }

  void unknown_port(const YamlEntry& field, const char* known) {
    diagnostics_.error(field.key_span, "yaml.unknown_key", "unknown key \"" + field.key + "\"",
                       std::string("one of ") + known);
  }

  // v1alpha2: {tcp: {destinationPort: {number | range}}}, {destinationNamedPort}.
  void read_protocol_match(const YamlNode& node, PolicyRule& rule) {
    const YamlEntry* field = only_field(node, "the protocol");
    if (field == nullptr || !is_given(*field)) return;
    if (field->key == "destinationNamedPort") {
      if (const auto name = read_port_name(field->value, diagnostics_)) rule.named_ports.push_back({*name, 0});
      return;
    }
    if (field->key != "tcp" && field->key != "udp" && field->key != "sctp") {
      return unknown_port(*field, "tcp, udp, sctp, destinationNamedPort");
    }
    const std::uint8_t protocol = *rules::protocol_number(field->key);
    const YamlEntry* inner = only_field(field->value, "the protocol's match");
    if (inner == nullptr) return;
    if (inner->key != "destinationPort") return unknown_port(*inner, "destinationPort");
    const YamlEntry* port = only_field(inner->value, "destinationPort");
    if (port == nullptr || !is_given(*port)) return;
    if (port->key == "number") {
      if (const auto number = read_port_number(port->value, diagnostics_)) {
        rule.ports.push_back({protocol, *number, *number});
      }
    } else if (port->key == "range") {
      read_range(port->value, protocol, rule);
    } else {
      unknown_port(*port, "number, range");
    }
  }

  // Nodes, networks and names outside have no named ports.
  void check_named_ports(const YamlNode& node, const PolicyRule& rule) {
    if (rule.named_ports.empty()) return;
    const bool pods_only = std::all_of(rule.peers.begin(), rule.peers.end(),
                                       [](const Peer& p) { return p.kind == Peer::Kind::kSelector; });
    if (pods_only) return;
    diagnostics_.error(node.span, "manifest.named_port_peer",
                       "port names mean nothing at nodes, networks and domain names",
                       "write the number, or a rule of its own for the pods");
  }

  const Dialect& dialect_;
  Diagnostics& diagnostics_;
  Policy& policy_;
};

}  // namespace

void read_admin_policy_spec(const YamlNode* spec, Diagnostics& diagnostics, Policy& policy) {
  static const Dialect kAdmin = {{"Allow", "Deny", "Pass"}, 100, 100, true, "ports"};
  static const Dialect kBaseline = {{"Allow", "Deny"}, 100, 100, true, "ports"};
  const bool baseline = policy.origin == Policy::Origin::kBaselineAdmin;
  ClusterPolicyReader(baseline ? kBaseline : kAdmin, diagnostics, policy).read(spec);
}

void read_cluster_policy_spec(const YamlNode* spec, Diagnostics& diagnostics, Policy& policy) {
  static const Dialect kCluster = {{"Accept", "Deny", "Pass"}, 25, 25, false, "protocols"};
  ClusterPolicyReader(kCluster, diagnostics, policy).read(spec);
}

}  // namespace bulkhead::config
