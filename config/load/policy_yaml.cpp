#include "config/load/policy_yaml.h"

#include <algorithm>
#include <map>
#include <utility>

#include "rules/model/rule_parser.h"

namespace bulkhead::config {

namespace {

using rules::FlowEnd;
using rules::Policy;
using rules::PolicyModel;
using rules::PolicyRule;
using rules::TextProblem;

class PolicyLoader {
 public:
  explicit PolicyLoader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  PolicyModel load(const std::vector<YamlNode>& documents) {
    for (const YamlNode& document : documents) read_document(document);
    if (model_.tiers.empty()) model_.tiers = PolicyModel::default_tiers();
    check_tiers();
    check_orders();
    return std::move(model_);
  }

 private:
  void report(const YamlNode& node, const TextProblem& problem) {
    diagnostics_.error(node.text_span(std::min(problem.offset, node.text.size()), problem.length), problem.code,
                       problem.message, problem.hint);
  }

  void read_document(const YamlNode& document) {
    if (document.is_null()) return;
    if (document.find("tiers") != nullptr) {
      read_tiers(document);
    } else {
      read_policy(document);
    }
  }

  void read_tiers(const YamlNode& document) {
    YamlMap top(document, diagnostics_);
    if (!model_.tiers.empty()) {
      diagnostics_.error(document.span, "policy.tiers.twice", "the tiers are listed twice");
    }
    for (const YamlNode& node : top.sequence("tiers")) {
      YamlMap map(node, diagnostics_);
      rules::Tier tier;
      tier.span = node.span;
      const auto name = map.required_text("name");
      const std::string end = map.choice("end", {"pass", "allow", "deny"}).value_or("pass");
      tier.end = *rules::parse_action(end);
      map.finish();
      if (!name) continue;
      tier.name = *name;
      if (model_.tier_index(tier.name)) {
        diagnostics_.error(node.span, "policy.tiers.twice", "tier \"" + tier.name + "\" is listed twice");
        continue;
      }
      model_.tiers.push_back(std::move(tier));
    }
    top.finish();
  }

  // Words of the full format that this version does not carry out: never ignored.
  void refuse_unsupported(YamlMap& map, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const YamlNode* node = map.get(key);
      if (node == nullptr) continue;
      diagnostics_.error(node->span, "policy.unsupported", std::string("\"") + key + "\" is not supported yet");
    }
  }

  void read_policy(const YamlNode& document) {
    YamlMap map(document, diagnostics_);
    if (!map.valid()) return;
    const std::size_t errors_before = diagnostics_.error_count();
    Policy policy;
    policy.span = document.span;
    if (const auto name = map.required_text("policy")) policy.name = *name;
    if (const YamlNode* name = map.get("policy")) policy.span = name->span;
    policy.tier = map.text("tier").value_or("platform");
    tier_spans_[policy.name] = map.get("tier") != nullptr ? map.get("tier")->span : policy.span;
    policy.order = map.integer("order", 0, 1'000'000);
    if (const YamlNode* order = map.get("order")) order_spans_[policy.name] = order->span;
    if (map.choice("mode", {"enforce", "audit"}) == "audit") policy.mode = Policy::Mode::kAudit;
    if (const YamlNode* subject = map.require("for")) read_subject(*subject, policy);
    read_rules(map, "ingress", FlowEnd::kIngress, policy.ingress);
    read_rules(map, "egress", FlowEnd::kEgress, policy.egress);
    refuse_unsupported(map, {"expires", "sessions", "dns", "guard"});
    map.finish();
    if (map.valid() && policy.ingress.empty() && policy.egress.empty() && diagnostics_.error_count() == errors_before) {
      diagnostics_.warning(policy.span, "policy.no_rules", "this policy has no rules and does nothing");
    }
    for (const Policy& other : model_.policies) {
      if (other.name != policy.name) continue;
      diagnostics_.error(policy.span, "policy.name.twice", "policy \"" + policy.name + "\" stands twice",
                         "the first one is at " + place(other.span));
    }
    if (diagnostics_.error_count() == errors_before) model_.policies.push_back(std::move(policy));
  }

  static std::string place(const SourceSpan& span) {
    return (span.file ? span.file->name() + ":" : std::string("line ")) + std::to_string(span.line);
  }

  void read_subject(const YamlNode& node, Policy& policy) {
    const auto text = yaml_text(node, diagnostics_);
    if (!text) return;
    auto parsed = rules::parse_selector(*text);
    if (const auto* wrong = std::get_if<TextProblem>(&parsed)) return report(node, *wrong);
    policy.subject = std::get<rules::Selector>(std::move(parsed));
  }

  void read_rules(YamlMap& map, const char* key, FlowEnd end, std::vector<PolicyRule>& rules) {
    for (const YamlNode& node : map.sequence(key)) {
      if (node.is_scalar()) {
        auto parsed = rules::parse_rule(node.text, end);
        if (const auto* wrong = std::get_if<TextProblem>(&parsed)) {
          report(node, *wrong);
          continue;
        }
        rules.push_back(std::get<PolicyRule>(std::move(parsed)));
        rules.back().span = node.span;
      } else {
        read_rule_map(node, end, rules);
      }
    }
  }

  // {allow: {from: PEERS, ports: PORTS, log: LABEL}}
  void read_rule_map(const YamlNode& node, FlowEnd end, std::vector<PolicyRule>& rules) {
    if (!node.is_map() || node.entries.size() != 1) {
      diagnostics_.error(node.span, "policy.rule.shape", "a rule is a sentence or a map with one action",
                         "allow from app=web on tcp/80, or {allow: {from: app=web, ports: [tcp/80]}}");
      return;
    }
    const YamlEntry& entry = node.entries[0];
    const auto action = rules::parse_action(entry.key);
    if (!action) {
      const std::string near = nearest_word(entry.key, {"allow", "deny", "reject", "pass"});
      diagnostics_.error(entry.key_span, "policy.rule.unknown_action", "unknown action \"" + entry.key + "\"",
                         near.empty() ? "allow, deny, reject or pass" : "did you mean \"" + near + "\"?");
      return;
    }
    const std::size_t errors_before = diagnostics_.error_count();
    PolicyRule rule;
    rule.end = end;
    rule.action = *action;
    rule.span = entry.key_span;
    YamlMap body(entry.value, diagnostics_);
    const bool ingress = end == FlowEnd::kIngress;
    if (const YamlNode* peers = body.get(ingress ? "from" : "to")) read_peers(*peers, rule);
    if (const YamlNode* wrong = body.get(ingress ? "to" : "from")) {
      diagnostics_.error(wrong->span, "policy.rule.direction",
                         std::string(to_string(end)) + " rules say \"" + (ingress ? "from" : "to") + "\"");
    }
    if (const YamlNode* ports = body.get("ports")) read_ports(*ports, "", rule);
    if (const YamlNode* icmp = body.get("icmp")) read_ports(*icmp, "icmp/", rule);
    if (const YamlNode* log = body.get("log")) read_log(*log, rule);
    refuse_unsupported(body, {"l7", "limit", "inspect"});
    body.finish();
    if (diagnostics_.error_count() == errors_before) rules.push_back(std::move(rule));
  }

  // Calls `each` for the one text or for every text of a list.
  template <typename Each>
  void for_texts(const YamlNode& node, Each each) {
    if (node.is_sequence()) {
      // An empty list would read as "any" further down: say so instead.
      if (node.items.empty()) {
        diagnostics_.error(node.span, "policy.rule.empty_list", "an empty list matches nothing",
                           "leave the key out for any");
      }
      for (const YamlNode& item : node.items) {
        if (yaml_text(item, diagnostics_)) each(item);
      }
    } else if (yaml_text(node, diagnostics_)) {
      each(node);
    }
  }

  void read_peers(const YamlNode& node, PolicyRule& rule) {
    for_texts(node, [&](const YamlNode& item) {
      auto parsed = rules::parse_peers(item.text);
      if (const auto* wrong = std::get_if<TextProblem>(&parsed)) return report(item, *wrong);
      for (auto& peer : std::get<std::vector<rules::Peer>>(parsed)) rule.peers.push_back(std::move(peer));
    });
  }

  void read_ports(const YamlNode& node, const std::string& prefix, PolicyRule& rule) {
    for_texts(node, [&](const YamlNode& item) {
      auto parsed = rules::parse_ports(prefix + item.text);
      if (auto* wrong = std::get_if<TextProblem>(&parsed)) {
        wrong->offset -= std::min(wrong->offset, prefix.size());
        return report(item, *wrong);
      }
      for (const auto& port : std::get<std::vector<rules::PortMatch>>(parsed)) rule.ports.push_back(port);
    });
  }

  void read_log(const YamlNode& node, PolicyRule& rule) {
    if (node.is_scalar()) {
      if (node.text == "no" || node.text == "false") return;
      rule.log = rules::LogSpec{};
      if (node.quoted || (node.text != "yes" && node.text != "true")) rule.log->label = node.text;
      check_label(node, rule);
      return;
    }
    rules::LogSpec log;
    YamlMap map(node, diagnostics_);
    log.label = map.text("label").value_or("");
    if (const YamlNode* rate = map.get("rate")) {
      const auto text = yaml_text(*rate, diagnostics_).value_or("");
      YamlNode digits = *rate;
      digits.text = text.substr(0, text.find('/'));
      if (!text.ends_with("/s")) {
        diagnostics_.error(rate->span, "policy.log.rate", "a rate is a number of records a second", "10/s");
      } else if (const auto value = yaml_integer(digits, diagnostics_, 1, 100'000)) {
        log.rate_per_second = static_cast<std::uint32_t>(*value);
      }
    }
    refuse_unsupported(map, {"payload"});
    map.finish();
    rule.log = std::move(log);
    check_label(node, rule);
  }

  void check_label(const YamlNode& node, const PolicyRule& rule) {
    // The kernel's log prefix holds 127 bytes, and the rule's name stands in it too.
    if (rule.log->label.size() > 32) {
      diagnostics_.error(node.span, "policy.log.label", "a log label has at most 32 characters");
    }
  }

  void check_tiers() {
    std::vector<std::string> names;
    for (const auto& tier : model_.tiers) names.push_back(tier.name);
    for (const Policy& policy : model_.policies) {
      if (model_.tier_index(policy.tier)) continue;
      const std::string near = nearest_word(policy.tier, names);
      std::string list;
      for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
      diagnostics_.error(tier_spans_[policy.name], "policy.tier.unknown", "there is no tier \"" + policy.tier + "\"",
                         near.empty() ? "the tiers are " + list : "did you mean \"" + near + "\"?");
    }
  }

  void check_orders() {
    std::map<std::pair<std::string, std::int64_t>, const Policy*> seen;
    for (const Policy& policy : model_.policies) {
      if (!policy.order) continue;
      const auto [first, fresh] = seen.emplace(std::pair{policy.tier, *policy.order}, &policy);
      if (fresh) continue;
      diagnostics_.error(order_spans_[policy.name], "policy.order.twice",
                         "policy \"" + first->second->name + "\" has the same order in tier \"" + policy.tier + "\"",
                         "equal orders are refused: which one comes first?");
    }
  }

  Diagnostics& diagnostics_;
  PolicyModel model_;
  std::map<std::string, SourceSpan> tier_spans_;
  std::map<std::string, SourceSpan> order_spans_;
};

}  // namespace

rules::PolicyModel load_policies(const std::vector<YamlNode>& documents, Diagnostics& diagnostics) {
  return PolicyLoader(diagnostics).load(documents);
}

rules::PolicyModel load_policy_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<YamlNode> documents;
  for (const std::string& path : paths) {
    for (YamlNode& document : read_yaml_file(path, diagnostics)) documents.push_back(std::move(document));
  }
  return load_policies(documents, diagnostics);
}

}  // namespace bulkhead::config
