#include "signatures/compile/resolve.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "datapath/app/known_patterns.h"
#include "datapath/app/protocol_table.h"
#include "signatures/compile/rule_checks.h"
#include "signatures/keywords/apply_option.h"
#include "signatures/keywords/known_names.h"
#include "signatures/keywords/requirements.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct ProtocolName {
  std::string_view name;
  RuleProtocol protocol;
};
constexpr ProtocolName kProtocols[] = {{"ip", RuleProtocol::kIp},          {"ipv4", RuleProtocol::kIpv4},
                                       {"ip4", RuleProtocol::kIpv4},       {"ipv6", RuleProtocol::kIpv6},
                                       {"ip6", RuleProtocol::kIpv6},       {"tcp", RuleProtocol::kTcp},
                                       {"tcp-pkt", RuleProtocol::kTcpPkt}, {"tcp-stream", RuleProtocol::kTcpStream},
                                       {"udp", RuleProtocol::kUdp},        {"icmp", RuleProtocol::kIcmp},
                                       {"icmpv4", RuleProtocol::kIcmpv4},  {"icmpv6", RuleProtocol::kIcmpv6},
                                       {"sctp", RuleProtocol::kSctp},      {"pkthdr", RuleProtocol::kPkthdr}};

const ProtocolName* find_protocol(std::string_view name) {
  for (const ProtocolName& known : kProtocols) {
    if (equals_ignoring_case(known.name, name)) return &known;
  }
  return nullptr;
}

// Makes one Signature; the diagnostics of one rule come in the order of its text.
class RuleResolver {
 public:
  RuleResolver(const RuleFile& file, const Rule& rule, const RuleContext& context, VariableResolver& variables,
               Diagnostics& out)
      : file_(file), rule_(rule), variables_(variables), builder_(file, rule, context, out) {}

  std::optional<Signature> run() {
    const bool header_fine = resolve_header();
    for (const Option& option : rule_.options) apply_option(builder_, option);
    if (!builder_.failed()) check_rule(builder_, excludes_addresses_);
    if (!header_fine || builder_.failed() || builder_.left_out()) return std::nullopt;
    finish();
    return std::move(builder_.signature());
  }
  // run() has given none, and not because of an error.
  [[nodiscard]] bool left_out() const { return builder_.left_out() && !builder_.failed(); }

 private:
  bool resolve_header() {
    const bool action = resolve_action();
    const bool protocol = resolve_protocol();
    Signature& s = builder_.signature();
    s.bidirectional = rule_.direction == RuleDirection::kBoth;
    const bool source = assign(s.source, variables_.addresses(*file_.lines, rule_.source, excludes_addresses_));
    const bool source_ports = assign(s.source_ports, variables_.ports(*file_.lines, rule_.source_ports));
    const bool target =
        assign(s.destination, variables_.addresses(*file_.lines, rule_.destination, excludes_addresses_));
    const bool target_ports = assign(s.destination_ports, variables_.ports(*file_.lines, rule_.destination_ports));
    return action && protocol && source && source_ports && target && target_ports;
  }

  template <typename Set>
  static bool assign(Set& set, std::optional<Set> value) {
    if (value) set = std::move(*value);
    return value.has_value();
  }

  bool resolve_action() {
    using pipeline::RejectTarget;
    using pipeline::RuleAction;
    Signature& s = builder_.signature();
    const std::string action = to_lower(rule_.action);
    s.no_alert = action == "config";
    s.action = action == "pass"                          ? RuleAction::kPass
               : action == "drop"                        ? RuleAction::kDrop
               : action == "alert" || action == "config" ? RuleAction::kAlert
                                                         : RuleAction::kReject;
    if (s.action == RuleAction::kReject) {
      s.reject = action == "rejectdst"    ? RejectTarget::kDestination
                 : action == "rejectboth" ? RejectTarget::kBoth
                                          : RejectTarget::kSource;
    }
    return true;
  }

  bool resolve_protocol() {
    if (const ProtocolName* known = find_protocol(rule_.protocol)) {
      builder_.signature().protocol = known->protocol;
      return true;
    }
    const app::AppProtocolSet wanted = app::app_protocols_of_rule_name(to_lower(rule_.protocol));
    if (wanted.any() && to_lower(rule_.protocol) != rule_.protocol) {
      return builder_.error(rule_.protocol, "signature.header.case", "names of protocols are in lower case",
                            "did you mean " + to_lower(rule_.protocol) + "?");
    }
    const auto parsed = [&](const app::Protocol* p) { return wanted[app::index_of(p->id)]; };
    const auto named = [&](const app::KnownPattern& row) { return wanted[app::index_of(row.id)]; };
    const auto protocols = app::all_protocols();
    const auto patterns = app::known_patterns();
    if (std::any_of(protocols.begin(), protocols.end(), parsed) ||
        std::any_of(patterns.begin(), patterns.end(), named)) {
      Signature& s = builder_.signature();
      s.protocol = RuleProtocol::kApplication;
      s.application = to_lower(rule_.protocol);
      s.app_protocols = wanted;
      builder_.facts().beyond_addresses = rule_.protocol;
      return true;
    }
    if (is_application_protocol(rule_.protocol)) {
      builder_.signature().protocol = RuleProtocol::kApplication;
      builder_.signature().application = to_lower(rule_.protocol);
      return builder_.error(
          rule_.protocol, "signature.header.application_protocol",
          "protocol " + std::string(rule_.protocol) + " needs a protocol parser that is not built in yet");
    }
    std::vector<std::string> names;
    for (const ProtocolName& known : kProtocols) names.emplace_back(known.name);
    const std::string near = nearest_word(to_lower(rule_.protocol), names);
    return builder_.error(rule_.protocol, "signature.header.unknown_protocol",
                          "\"" + printable(rule_.protocol) + "\" is not a protocol",
                          near.empty() ? "" : "did you mean " + near + "?");
  }

  void finish() {
    Signature& s = builder_.signature();
    event::SignatureInfo& info = builder_.info();
    s.span = file_.span(rule_.text);
    if (builder_.facts().priority.empty()) s.priority = builder_.facts().class_priority;
    info.severity = s.priority;
    info.source_file = s.span.file ? s.span.file->name() : std::string();
    info.source_line = s.span.line;
    s.info = std::make_shared<const event::SignatureInfo>(std::move(info));
  }

  const RuleFile& file_;
  const Rule& rule_;
  VariableResolver& variables_;
  RuleBuilder builder_;
  bool excludes_addresses_ = false;
};

// All rules of a load, one place a gid and sid.
class RuleSet {
 public:
  RuleSet(ResolvedRules& result, Diagnostics& out) : result_(result), out_(out) {}

  void add(Signature signature, SourceSpan sid) {
    const auto key = std::pair(signature.info->gid, signature.info->sid);
    const auto [place, is_new] = places_.emplace(key, result_.signatures.size());
    if (is_new) {
      result_.signatures.push_back(std::move(signature));
      return;
    }
    Signature& earlier = result_.signatures[place->second];
    const std::string where = earlier.info->source_file + ":" + std::to_string(earlier.info->source_line);
    if (signature.info->rev <= earlier.info->rev) {
      ++result_.refused;
      out_.error(std::move(sid), "signature.sid.duplicate",
                 "sid " + std::to_string(key.second) + " is already used by the rule at " + where);
      return;
    }
    ++result_.replaced;
    out_.warning(std::move(sid), "signature.sid.replaced", "this newer revision replaces the rule at " + where);
    earlier = std::move(signature);
  }

 private:
  ResolvedRules& result_;
  Diagnostics& out_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> places_;
};

SourceSpan sid_span(const RuleFile& file, const Rule& rule) {
  for (const Option& option : rule.options) {
    if (equals_ignoring_case(option.name, "sid")) return file.span(option.text);
  }
  return file.span(rule.text);
}

void keep_text(Signature& signature, const Rule& rule) {
  auto info = std::make_shared<event::SignatureInfo>(*signature.info);
  info->text = rule.text;
  signature.info = std::move(info);
}

// A bit that rules ask for and none sets is a mistake more often than not.
void warn_unset_flowbits(const ResolvedRules& rules, Diagnostics& out) {
  std::vector<bool> is_set(rules.names.flowbits.size());
  for (const Signature& s : rules.signatures) {
    for (const FlowbitOp& op : s.flowbit_changes) {
      for (const std::uint32_t bit : op.bits) {
        if (op.command != FlowbitOp::Command::kUnset) is_set[bit] = true;
      }
    }
  }
  for (const Signature& s : rules.signatures) {
    for (const FlowbitOp& op : s.flowbit_checks) {
      for (const std::uint32_t bit : op.bits) {
        if (op.command != FlowbitOp::Command::kIsSet || is_set[bit]) continue;
        is_set[bit] = true;  // one warning a bit
        out.warning(s.span, "signature.flowbits.never_set",
                    "flowbit " + rules.names.flowbits.name(bit) + " is asked for, but no rule sets it");
      }
    }
  }
}

// Rules that are commented out and wanted nevertheless. A sid that a rule has already is left to it, and what is wrong
// with such a rule is nobody's mistake.
void enable_rules(std::span<const RuleFile* const> files, const ResolveSettings& settings, const RuleContext& context,
                  ResolvedRules& result) {
  Diagnostics ignored;
  VariableResolver variables(settings.variables, ignored);
  std::set<std::pair<std::uint32_t, std::uint32_t>> taken;
  for (const Signature& signature : result.signatures) taken.emplace(signature.info->gid, signature.info->sid);
  for (const RuleFile* file : files) {
    for (const Rule& rule : file->rules) {
      if (rule.enabled || equals_ignoring_case(rule.action, "pass") || !settings.enable(rule)) continue;
      if (!requirements_met(*file, rule, ignored)) continue;
      auto signature = RuleResolver(*file, rule, context, variables, ignored).run();
      if (!signature || !taken.emplace(signature->info->gid, signature->info->sid).second) continue;
      if (settings.keep_text) keep_text(*signature, rule);
      result.enabled.emplace(signature->info->gid, signature->info->sid);
      result.signatures.push_back(std::move(*signature));
      --result.disabled;
    }
  }
}

}  // namespace

// `done` is called with a rule that is not needed any more.
template <class Done>
static ResolvedRules resolve_all(std::span<const RuleFile* const> files, const ResolveSettings& settings,
                                 Diagnostics& out, Done done) {
  ResolvedRules result;
  VariableResolver variables(settings.variables, out);
  RuleSet set(result, out);
  DatasetRegistry own_sets;
  DatasetRegistry& sets = settings.datasets != nullptr ? *settings.datasets : own_sets;
  sets.begin_load();
  const RuleContext context{settings.classifications, settings.references, &result.names, &sets,
                            settings.reputation,      settings.geo};
  std::size_t enabled = 0;
  for (const RuleFile* file : files) {
    enabled += static_cast<std::size_t>(
        std::count_if(file->rules.begin(), file->rules.end(), [](const Rule& rule) { return rule.enabled; }));
  }
  result.signatures.reserve(enabled);
  for (const RuleFile* file : files) {
    for (const Rule& rule : file->rules) {
      if (!rule.enabled) {
        ++result.disabled;
      } else if (!requirements_met(*file, rule, out)) {
        ++result.skipped;
      } else {
        RuleResolver resolver(*file, rule, context, variables, out);
        if (auto signature = resolver.run()) {
          if (settings.keep_text) keep_text(*signature, rule);
          set.add(std::move(*signature), sid_span(*file, rule));
        } else {
          ++(resolver.left_out() ? result.skipped : result.refused);
        }
      }
      if (rule.enabled) done(file, &rule);
    }
  }
  if (settings.enable) enable_rules(files, settings, context, result);
  warn_unset_flowbits(result, out);
  return result;
}

ResolvedRules resolve_rules(std::span<const RuleFile* const> files, const ResolveSettings& settings, Diagnostics& out) {
  return resolve_all(files, settings, out, [](const RuleFile*, const Rule*) {});
}

ResolvedRules resolve_and_free(std::vector<RuleFile>& files, const ResolveSettings& settings, Diagnostics& out) {
  std::vector<const RuleFile*> all;
  for (const RuleFile& file : files) all.push_back(&file);
  return resolve_all(all, settings, out, [&](const RuleFile* file, const Rule* rule) {
    RuleFile& owner = files[static_cast<std::size_t>(file - files.data())];
    owner.rules[static_cast<std::size_t>(rule - owner.rules.data())].options = {};
  });
}

ResolvedRules resolve_rules(const RuleFile& file, const ResolveSettings& settings, Diagnostics& out) {
  const RuleFile* const files[] = {&file};
  return resolve_rules(files, settings, out);
}

}  // namespace bulkhead::signatures
