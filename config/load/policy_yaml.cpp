#include "config/load/policy_yaml.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "config/load/manifest_yaml.h"
#include "datapath/base/rfc3339.h"
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
    check_names();
    place_manifests();
    check_tiers();
    check_orders();
    check_sets();
    return std::move(model_);
  }

 private:
  void report(const YamlNode& node, const TextProblem& problem) {
    diagnostics_.error(node.text_span(std::min(problem.offset, node.text.size()), problem.length), problem.code,
                       problem.message, problem.hint);
  }

  void read_document(const YamlNode& document) {
    if (document.is_null()) return;
    if (is_manifest(document)) {
      read_manifest(document, diagnostics_, model_.policies);
    } else if (document.find("tiers") != nullptr) {
      read_tiers(document);
    } else if (document.find("set") != nullptr) {
      read_set(document);
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
      const auto maps = map.choice("maps", {"Admin", "Baseline"});
      if (maps) tier.maps = *maps == "Admin" ? rules::Tier::Maps::kAdmin : rules::Tier::Maps::kBaseline;
      if (map.choice("kind", {"NetworkPolicy"})) tier.kind = rules::Tier::Kind::kNetworkPolicy;
      map.finish();
      if (!name) continue;
      check_mapping(tier, node.span);
      tier.name = *name;
      if (model_.tier_index(tier.name)) {
        diagnostics_.error(node.span, "policy.tiers.twice", "tier \"" + tier.name + "\" is listed twice");
        continue;
      }
      model_.tiers.push_back(std::move(tier));
    }
    top.finish();
  }

  // Each kind of manifest has one tier.
  void check_mapping(const rules::Tier& tier, const SourceSpan& span) {
    const bool namespaced = tier.kind == rules::Tier::Kind::kNetworkPolicy;
    if (namespaced && (tier.end != rules::Action::kPass || tier.maps != rules::Tier::Maps::kNothing)) {
      diagnostics_.error(span, "policy.tiers.kind", "a tier of kind NetworkPolicy ends with pass and maps nothing else",
                         "what no rule allows is denied for isolated workloads; the others go on to the next tier");
    }
    for (const rules::Tier& other : model_.tiers) {
      const bool same = (namespaced && other.kind == tier.kind) ||
                        (tier.maps != rules::Tier::Maps::kNothing && other.maps == tier.maps);
      if (same)
        diagnostics_.error(span, "policy.tiers.kind", "tier \"" + other.name + "\" takes these manifests already");
    }
  }

  void read_set(const YamlNode& document) {
    YamlMap map(document, diagnostics_);
    rules::NamedSet set;
    set.span = document.span;
    if (const auto name = map.required_text("set")) set.name = *name;
    if (const YamlNode* name = map.get("set")) set.span = name->span;
    if (const YamlNode* members = map.require("of")) read_peers(*members, set.members);
    map.finish();
    for (const rules::Peer& member : set.members) {
      if (member.kind != rules::Peer::Kind::kSet && member.kind != rules::Peer::Kind::kOwnNode &&
          member.kind != rules::Peer::Kind::kSelfNamespace) {
        continue;
      }
      diagnostics_.error(set.span, "policy.set.member", "\"" + member.to_string() + "\" cannot be in a set",
                         "members are the same for every workload and no sets themselves");
    }
    if (model_.set_named(set.name) != nullptr) {
      diagnostics_.error(set.span, "policy.set.twice", "set \"" + set.name + "\" stands twice",
                         "the first one is at " + place(model_.set_named(set.name)->span));
    }
    model_.sets.push_back(std::move(set));
  }

  // Words of the full format that this version does not carry out: never ignored.
  void refuse_unsupported(YamlMap& map, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      const YamlNode* node = map.get(key);
      if (node == nullptr) continue;
      const bool application = key == std::string_view("l7") || key == std::string_view("inspect");
      diagnostics_.error(node->span, "policy.unsupported",
                         std::string("\"") + key + "\" is not supported yet: the rule would admit more than it says",
                         application
                             ? "policies judge addresses, protocols and ports, in the kernel; what a request holds "
                               "is for signatures (action drop with response)"
                             : "");
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
    const auto sessions = map.choice("sessions", {"keep", "cut", "cut-denied"});
    if (sessions == "keep") policy.sessions = rules::SessionChange::kKeep;
    if (sessions == "cut") policy.sessions = rules::SessionChange::kCut;
    if (const YamlNode* expires = map.get("expires")) read_expiry(*expires, policy);
    if (const YamlNode* subject = map.require("for")) read_subject(*subject, policy);
    read_rules(map, "ingress", FlowEnd::kIngress, policy.ingress);
    read_rules(map, "egress", FlowEnd::kEgress, policy.egress);
    refuse_unsupported(map, {"dns", "guard"});
    map.finish();
    if (map.valid() && policy.ingress.empty() && policy.egress.empty() && diagnostics_.error_count() == errors_before) {
      diagnostics_.warning(policy.span, "policy.no_rules", "this policy has no rules and does nothing");
    }
    if (diagnostics_.error_count() == errors_before) model_.policies.push_back(std::move(policy));
  }

  void read_expiry(const YamlNode& node, Policy& policy) {
    const auto text = yaml_text(node, diagnostics_);
    if (!text) return;
    policy.expires = parse_rfc3339(*text);
    if (policy.expires) return;
    diagnostics_.error(node.span, "policy.expires", "\"" + *text + "\" is no point in time", "2026-01-01T12:00:00Z");
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
        check_names_of_peers(rules.back());
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
    if (const YamlNode* peers = body.get(ingress ? "from" : "to")) read_peers(*peers, rule.peers);
    if (const YamlNode* wrong = body.get(ingress ? "to" : "from")) {
      diagnostics_.error(wrong->span, "policy.rule.direction",
                         std::string(to_string(end)) + " rules say \"" + (ingress ? "from" : "to") + "\"");
    }
    if (const YamlNode* ports = body.get("ports")) read_ports(*ports, "", rule);
    if (const YamlNode* icmp = body.get("icmp")) read_ports(*icmp, "icmp/", rule);
    if (const YamlNode* log = body.get("log")) rule.log = read_log(*log);
    if (const YamlNode* limit = body.get("limit")) read_limit(*limit, rule);
    if (const auto how = body.choice("inspect", {"inline"})) {
      rule.inspect_inline = *how == "inline";
      if (rule.action != rules::Action::kAllow) {
        diagnostics_.error(body.get("inspect")->span, "policy.inspect", "only an allow rule has something to inspect");
      }
    }
    refuse_unsupported(body, {"l7"});
    body.finish();
    check_names_of_peers(rule);
    if (diagnostics_.error_count() == errors_before) rules.push_back(std::move(rule));
  }

  // Addresses behind a name are known once an answer has been seen: what is not yet known cannot be denied.
  void check_names_of_peers(const PolicyRule& rule) {
    for (const rules::Peer& peer : rule.peers) {
      if (peer.kind != rules::Peer::Kind::kDnsName) continue;
      if (rule.end == FlowEnd::kIngress) {
        diagnostics_.error(rule.span, "policy.peer.name_direction", "domain names stand only in egress rules",
                           "\"" + peer.name + "\" is looked up by the workload that calls it");
      } else if (rule.action != rules::Action::kAllow) {
        diagnostics_.error(rule.span, "policy.peer.name_action", "domain names stand only in allow rules",
                           "allow the names, then deny the rest");
      }
    }
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

  void read_peers(const YamlNode& node, std::vector<rules::Peer>& peers) {
    for_texts(node, [&](const YamlNode& item) {
      auto parsed = rules::parse_peers(item.text);
      if (const auto* wrong = std::get_if<TextProblem>(&parsed)) return report(item, *wrong);
      for (auto& peer : std::get<std::vector<rules::Peer>>(parsed)) peers.push_back(std::move(peer));
    });
  }

  void read_ports(const YamlNode& node, const std::string& prefix, PolicyRule& rule) {
    for_texts(node, [&](const YamlNode& item) {
      auto parsed = rules::parse_ports(prefix + item.text);
      if (auto* wrong = std::get_if<TextProblem>(&parsed)) {
        wrong->offset -= std::min(wrong->offset, prefix.size());
        return report(item, *wrong);
      }
      const auto& list = std::get<rules::PortList>(parsed);
      rule.ports.insert(rule.ports.end(), list.numbers.begin(), list.numbers.end());
      rule.named_ports.insert(rule.named_ports.end(), list.names.begin(), list.names.end());
    });
  }

  std::optional<rules::LogSpec> read_log(const YamlNode& node) {
    rules::LogSpec log;
    if (node.is_scalar()) {
      if (node.text == "no" || node.text == "false") return std::nullopt;
      if (node.quoted || (node.text != "yes" && node.text != "true")) log.label = node.text;
      check_label(node, log);
      return log;
    }
    YamlMap map(node, diagnostics_);
    log.label = map.text("label").value_or("");
    if (const YamlNode* rate = map.get("rate")) {
      const auto value = read_rate(*rate, 100'000);
      if (value && value->per_seconds != 1) {
        diagnostics_.error(rate->span, "policy.log.rate", "a rate of records is by the second", "10/s");
      } else if (value) {
        log.rate_per_second = value->count;
      }
    }
    log.payload_bytes = static_cast<std::uint32_t>(map.integer("payload", 0, 65535).value_or(0));
    map.finish();
    check_label(node, log);
    return log;
  }

  void check_label(const YamlNode& node, const rules::LogSpec& log) {
    // The kernel's log prefix holds 127 bytes, and the rule's name stands in it too.
    if (log.label.size() > 32) {
      diagnostics_.error(node.span, "policy.log.label", "a log label has at most 32 characters");
    }
  }

  // "200/s", "5/m", "1/h"
  std::optional<rules::Rate> read_rate(const YamlNode& node, std::int64_t max) {
    const auto text = yaml_text(node, diagnostics_);
    if (!text) return std::nullopt;
    const std::size_t slash = text->find('/');
    const std::string unit = slash == std::string::npos ? "" : text->substr(slash + 1);
    if (unit != "s" && unit != "m" && unit != "h") {
      diagnostics_.error(node.span, "policy.rate", "\"" + *text + "\" is no rate", "200/s, 5/m, 1/h");
      return std::nullopt;
    }
    YamlNode digits = node;
    digits.text = text->substr(0, slash);
    digits.quoted = false;
    const auto count = yaml_integer(digits, diagnostics_, 1, max);
    if (!count) return std::nullopt;
    return rules::Rate{static_cast<std::uint32_t>(*count), unit == "s" ? 1U : unit == "m" ? 60U : 3600U};
  }

  void read_limit(const YamlNode& node, PolicyRule& rule) {
    constexpr std::int64_t kMax = 100'000'000;
    rules::LimitSpec limit;
    YamlMap map(node, diagnostics_);
    if (const YamlNode* rate = map.get("new")) limit.new_flows = read_rate(*rate, kMax).value_or(rules::Rate{});
    if (const YamlNode* rate = map.get("packets")) limit.packets = read_rate(*rate, kMax).value_or(rules::Rate{});
    limit.burst = static_cast<std::uint32_t>(map.integer("burst", 1, kMax).value_or(0));
    limit.open_flows = static_cast<std::uint32_t>(map.integer("open", 1, kMax).value_or(0));
    if (const YamlNode* per = map.get("per")) read_per(*per, limit);
    if (map.choice("over", {"deny", "reject"}) == "reject") limit.over = rules::Action::kReject;
    if (const YamlNode* log = map.get("log")) limit.log = read_log(*log);
    const bool limits = map.has("new") || map.has("packets") || map.has("open");
    map.finish();
    if (!limits && map.valid()) {
      diagnostics_.error(node.span, "policy.limit", "a limit limits something",
                         "new: 200/s, packets: 5/s or open: 2000");
    }
    if (map.has("burst") && !map.has("new") && !map.has("packets")) {
      diagnostics_.error(map.get("burst")->span, "policy.limit", "a burst belongs to a rate",
                         "new: 200/s or packets: 5/s");
    }
    if (rule.action != rules::Action::kAllow) {
      diagnostics_.error(node.span, "policy.limit", "only an allow rule has a limit");
    }
    rule.limit = limit;
  }

  // source, destination, source/24, source/24/56
  void read_per(const YamlNode& node, rules::LimitSpec& limit) {
    const auto text = yaml_text(node, diagnostics_);
    if (!text) return;
    const std::size_t slash = text->find('/');
    const std::string word = text->substr(0, slash);
    limit.per = word == "source"        ? rules::LimitSpec::Per::kSource
                : word == "destination" ? rules::LimitSpec::Per::kDestination
                                        : rules::LimitSpec::Per::kRule;
    bool good = limit.per != rules::LimitSpec::Per::kRule;
    if (good && slash != std::string::npos) {
      const std::size_t second = text->find('/', slash + 1);
      const auto v4 = prefix_length(text->substr(slash + 1, second - slash - 1), 32);
      const auto v6 = second == std::string::npos ? std::optional<std::uint8_t>(v4 == 32 ? 128 : 64)
                                                  : prefix_length(text->substr(second + 1), 128);
      good = v4 && v6;
      limit.prefix4 = v4.value_or(32);
      limit.prefix6 = v6.value_or(128);
    }
    if (good) return;
    diagnostics_.error(node.span, "policy.limit.per", "\"" + *text + "\" does not say what a limit counts by",
                       "source, destination, or with prefix lengths for IPv4 and IPv6: source/24/64");
  }

  static std::optional<std::uint8_t> prefix_length(const std::string& text, unsigned max) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
    return static_cast<std::uint8_t>(value);
  }

  void check_names() {
    std::map<std::string, SourceSpan> seen;
    std::erase_if(model_.policies, [&](const Policy& policy) {
      const auto [first, fresh] = seen.emplace(policy.name, policy.span);
      if (fresh) return false;
      diagnostics_.error(policy.span, "policy.name.twice", "policy \"" + policy.name + "\" stands twice",
                         "the first one is at " + place(first->second));
      return true;
    });
  }

  // The tier that takes a manifest; null: none does.
  const rules::Tier* tier_of(const Policy& policy) const {
    for (const rules::Tier& tier : model_.tiers) {
      const bool fits = policy.tier == "NetworkPolicy" ? tier.kind == rules::Tier::Kind::kNetworkPolicy
                        : policy.tier == "Admin"       ? tier.maps == rules::Tier::Maps::kAdmin
                                                       : tier.maps == rules::Tier::Maps::kBaseline;
      if (fits) return &tier;
    }
    return nullptr;
  }

  void place_manifests() {
    for (Policy& policy : model_.policies) {
      if (policy.origin == Policy::Origin::kNative) continue;
      if (const rules::Tier* tier = tier_of(policy)) {
        policy.tier = tier->name;
        continue;
      }
      const bool namespaced = policy.origin == Policy::Origin::kNetworkPolicy;
      diagnostics_.error(
          policy.span, "policy.tier.unmapped", "no tier takes this manifest",
          "a tier of the list needs " + (namespaced ? std::string("kind: NetworkPolicy") : "maps: " + policy.tier));
    }
  }

  void check_sets() {
    const auto check = [&](const rules::Peer& peer, const SourceSpan& span) {
      if (peer.kind != rules::Peer::Kind::kSet || model_.set_named(peer.name) != nullptr) return;
      std::vector<std::string> names;
      for (const rules::NamedSet& set : model_.sets) names.push_back(set.name);
      const std::string near = nearest_word(peer.name, names);
      diagnostics_.error(
          span, "policy.set.unknown", "there is no set \"" + peer.name + "\"",
          near.empty() ? "a document \"set: NAME\" with \"of: [...]\" makes one" : "did you mean \"" + near + "\"?");
    };
    for (const Policy& policy : model_.policies) {
      for (const FlowEnd end : {FlowEnd::kIngress, FlowEnd::kEgress}) {
        for (const PolicyRule& rule : policy.rules(end)) {
          for (const rules::Peer& peer : rule.peers) check(peer, rule.span);
        }
      }
    }
  }

  void check_tiers() {
    std::vector<std::string> names;
    for (const auto& tier : model_.tiers) names.push_back(tier.name);
    for (const Policy& policy : model_.policies) {
      if (policy.origin != Policy::Origin::kNative) continue;
      if (const auto index = model_.tier_index(policy.tier)) {
        if (model_.tiers[*index].kind != rules::Tier::Kind::kNetworkPolicy) continue;
        diagnostics_.error(tier_spans_[policy.name], "policy.tier.manifests",
                           "tier \"" + policy.tier + "\" takes NetworkPolicy manifests only");
        continue;
      }
      const std::string near = nearest_word(policy.tier, names);
      std::string list;
      for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
      diagnostics_.error(tier_spans_[policy.name], "policy.tier.unknown", "there is no tier \"" + policy.tier + "\"",
                         near.empty() ? "the tiers are " + list : "did you mean \"" + near + "\"?");
    }
  }

  // Equal orders are refused. Of manifests they are legal, and either may come first: here the name
  // decides, and a warning says so.
  void check_orders() {
    std::map<std::pair<std::string, std::int64_t>, const Policy*> seen;
    for (const Policy& policy : model_.policies) {
      if (!policy.order) continue;
      const auto [first, fresh] = seen.emplace(std::pair{policy.tier, *policy.order}, &policy);
      if (fresh) continue;
      const Policy& other = *first->second;
      if (policy.origin != Policy::Origin::kNative && other.origin != Policy::Origin::kNative) {
        diagnostics_.warning(policy.span, "manifest.same_priority",
                             "\"" + other.name + "\" has the same priority; where both match, " +
                                 std::min(policy.name, other.name) + " comes first");
        continue;
      }
      const Policy& native = policy.origin == Policy::Origin::kNative ? policy : other;
      diagnostics_.error(order_spans_[native.name], "policy.order.twice",
                         "policy \"" + (&native == &policy ? other : policy).name + "\" has the same order in tier \"" +
                             policy.tier + "\"",
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

rules::PolicyModel load_policy_files(const std::vector<std::string>& paths, Diagnostics& diagnostics,
                                     const std::vector<NamedText>& texts) {
  std::vector<YamlNode> documents;
  for (const std::string& path : paths) {
    for (YamlNode& document : read_yaml_file(path, diagnostics)) documents.push_back(std::move(document));
  }
  for (const NamedText& text : texts) {
    const auto file = std::make_shared<SourceFile>(text.name, text.text);
    for (YamlNode& document : read_yaml(file, diagnostics)) documents.push_back(std::move(document));
  }
  return load_policies(documents, diagnostics);
}

}  // namespace bulkhead::config
