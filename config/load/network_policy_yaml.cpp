// spec of a NetworkPolicy (networking.k8s.io/v1).
#include <algorithm>
#include <utility>

#include "config/load/label_selector_yaml.h"
#include "config/load/manifest_parts.h"

namespace bulkhead::config {

namespace {

using rules::FlowEnd;
using rules::Peer;
using rules::Policy;
using rules::PolicyRule;
using rules::Requirement;

Requirement in_namespace(const std::string& name_space) {
  Requirement out;
  out.subject = Requirement::Subject::kNamespace;
  out.values = {name_space};
  return out;
}

const YamlNode* given(YamlMap& map, const char* key) {
  const YamlNode* node = map.get(key);
  return node == nullptr || node->is_null() ? nullptr : node;
}

class NetworkPolicyReader {
 public:
  NetworkPolicyReader(const std::string& name_space, Diagnostics& diagnostics, Policy& policy)
      : name_space_(name_space), diagnostics_(diagnostics), policy_(policy) {}

  void read(const YamlNode& spec) {
    policy_.tier = "NetworkPolicy";
    policy_.subject.all.push_back(in_namespace(name_space_));
    YamlMap map(spec, diagnostics_);
    if (const YamlNode* subject = map.get("podSelector")) {
      read_label_selector(*subject, Requirement::Subject::kLabel, diagnostics_, policy_.subject.all);
    }
    std::vector<PolicyRule> ingress = read_rules(map, "ingress", FlowEnd::kIngress);
    std::vector<PolicyRule> egress = read_rules(map, "egress", FlowEnd::kEgress);
    read_types(map, !egress.empty());
    map.finish();
    warn_unlisted(map, "ingress", policy_.isolates_ingress, !ingress.empty());
    warn_unlisted(map, "egress", policy_.isolates_egress, !egress.empty());
    if (policy_.isolates_ingress) policy_.ingress = std::move(ingress);
    if (policy_.isolates_egress) policy_.egress = std::move(egress);
  }

 private:
  // Absent or empty: Ingress, and Egress if there are egress rules.
  void read_types(YamlMap& map, bool has_egress) {
    const std::vector<YamlNode>& types = map.sequence("policyTypes");
    if (types.empty()) {
      policy_.isolates_ingress = true;
      policy_.isolates_egress = has_egress;
      return;
    }
    if (types.size() > 2) {
      diagnostics_.error(map.get("policyTypes")->span, "manifest.types", "policyTypes has at most two entries");
    }
    for (const YamlNode& type : types) {
      const auto word = yaml_choice(type, diagnostics_, {"Ingress", "Egress"});
      policy_.isolates_ingress |= word == "Ingress";
      policy_.isolates_egress |= word == "Egress";
    }
  }

  void warn_unlisted(YamlMap& map, const char* key, bool isolates, bool has_rules) {
    if (isolates || !has_rules) return;
    diagnostics_.warning(
        map.get(key)->span, "manifest.unlisted_direction",
        std::string("policyTypes does not list this direction: these ") + key + " rules have no effect");
  }

  std::vector<PolicyRule> read_rules(YamlMap& map, const char* key, FlowEnd end) {
    std::vector<PolicyRule> out;
    for (const YamlNode& node : map.sequence(key)) {
      YamlMap rule_map(node, diagnostics_);
      PolicyRule rule;
      rule.end = end;
      rule.span = node.span;
      for (const YamlNode& peer : rule_map.sequence(end == FlowEnd::kIngress ? "from" : "to")) read_peer(peer, rule);
      for (const YamlNode& port : rule_map.sequence("ports")) read_port(port, rule);
      rule_map.finish();
      out.push_back(std::move(rule));
    }
    return out;
  }

  void read_peer(const YamlNode& node, PolicyRule& rule) {
    YamlMap map(node, diagnostics_);
    const YamlNode* pods = given(map, "podSelector");
    const YamlNode* spaces = given(map, "namespaceSelector");
    const YamlNode* block = given(map, "ipBlock");
    map.finish();
    if (block != nullptr) {
      if (pods != nullptr || spaces != nullptr) {
        diagnostics_.error(block->span, "manifest.peer.block_and_selector",
                           "a peer is either an ipBlock or selectors, not both", "make two list items of it");
      }
      return read_block(*block, rule);
    }
    if (pods == nullptr && spaces == nullptr) {
      if (map.valid()) {
        diagnostics_.error(node.span, "manifest.peer.empty", "a peer needs a podSelector, namespaceSelector or ipBlock",
                           "for every pod write namespaceSelector: {}");
      }
      return;
    }
    Peer peer;
    peer.kind = Peer::Kind::kSelector;
    if (spaces == nullptr) {
      peer.selector.all.push_back(in_namespace(name_space_));
    } else {
      read_label_selector(*spaces, Requirement::Subject::kNamespaceLabel, diagnostics_, peer.selector.all);
    }
    if (pods != nullptr) {
      read_label_selector(*pods, Requirement::Subject::kLabel, diagnostics_, peer.selector.all);
    }
    rule.peers.push_back(std::move(peer));
  }

  void read_block(const YamlNode& node, PolicyRule& rule) {
    YamlMap map(node, diagnostics_);
    Peer peer;
    peer.kind = Peer::Kind::kCidr;
    const YamlNode* cidr = map.require("cidr");
    const auto block = cidr == nullptr ? std::nullopt : read_network(*cidr, diagnostics_);
    for (const YamlNode& item : map.sequence("except")) {
      const auto hole = read_network(item, diagnostics_);
      if (!hole || !block) continue;
      if (!block->contains(hole->address) || hole->length <= block->length) {
        diagnostics_.error(item.span, "manifest.peer.except",
                           hole->to_string() + " is no part of " + block->to_string(),
                           "an except lies inside the cidr and is smaller than it");
        continue;
      }
      peer.except.push_back(*hole);
    }
    map.finish();
    if (!block) return;
    peer.cidr = *block;
    rule.peers.push_back(std::move(peer));
  }

  void read_port(const YamlNode& node, PolicyRule& rule) {
    YamlMap map(node, diagnostics_);
    const auto protocol = read_protocol(map, diagnostics_);
    const YamlNode* port = given(map, "port");
    const YamlNode* end_port = given(map, "endPort");
    map.finish();
    if (!map.valid()) return;
    // Plain digits are a number; in quotes they would be a name.
    const bool is_number = port != nullptr && !port->quoted && looks_like_number(port->text);
    if (end_port != nullptr && !is_number) {
      diagnostics_.error(end_port->span, "manifest.port.end_port",
                         port == nullptr ? "endPort needs a port" : "endPort needs a port that is a number");
      return;
    }
    if (port == nullptr) {
      if (protocol) rule.ports.push_back({*protocol, 0, 65535});
    } else if (is_number) {
      read_range(*port, end_port, protocol, rule);
    } else if (const auto name = read_port_name(*port, diagnostics_); name && protocol) {
      rule.named_ports.push_back({*name, *protocol});
    }
  }

  static bool looks_like_number(const std::string& text) {
    const std::size_t digits = text.starts_with('-') ? 1 : 0;
    return text.size() > digits && text.find_first_not_of("0123456789", digits) == std::string::npos;
  }

  void read_range(const YamlNode& port, const YamlNode* end_port, std::optional<std::uint8_t> protocol,
                  PolicyRule& rule) {
    const auto first = read_port_number(port, diagnostics_);
    const auto last = end_port == nullptr ? first : read_port_number(*end_port, diagnostics_);
    if (!first || !last || !protocol) return;
    if (*last < *first) {
      diagnostics_.error(end_port->span, "manifest.port.end_port", "endPort is below port");
      return;
    }
    rule.ports.push_back({*protocol, *first, *last});
  }

  const std::string& name_space_;
  Diagnostics& diagnostics_;
  Policy& policy_;
};

}  // namespace

void read_network_policy_spec(const YamlNode* spec, const std::string& name_space, Diagnostics& diagnostics,
                              Policy& policy) {
  // Without a spec the API's defaults hold: every pod of the namespace, ingress, nothing allowed.
  static const YamlNode kNothing;
  NetworkPolicyReader(name_space, diagnostics, policy).read(spec == nullptr ? kNothing : *spec);
}

}  // namespace bulkhead::config
