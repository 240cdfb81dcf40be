#include "signatures/compile/resolve.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

#include "datapath/app/known_patterns.h"
#include "datapath/app/protocol_table.h"
#include "signatures/compile/rule_checks.h"
#include "signatures/compile/sha256.h"
#include "signatures/compile/signature_db.h"
#include "signatures/keywords/apply_option.h"
#include "signatures/keywords/known_names.h"
#include "signatures/keywords/requirements.h"
#include "signatures/keywords/rule_builder.h"
#include "signatures/language/parser.h"

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

// Texts that rules have in common, held once: 15,502 rules of ET Open have 5,912 lists of metadata and 38 classes.
class CommonTexts {
 public:
  void share(event::SignatureInfo& info) {
    info.category = one_of(categories_, info.category.str(), info.category);
    info.references = event::TextList(packed(info.references.packed()));
    info.metadata = event::TextPairs(packed(info.metadata.packed()));
  }
  [[nodiscard]] event::SharedText name_of(const SourceFilePtr& file) {
    event::SharedText& name = files_[file.get()];
    if (name.empty() && file != nullptr) name = file->name();
    return name;
  }

 private:
  static event::SharedText one_of(std::map<std::string, event::SharedText, std::less<>>& known, std::string_view text,
                                  const event::SharedText& shared) {
    const auto found = known.find(text);
    return found != known.end() ? found->second : known.emplace(text, shared).first->second;
  }
  event::PackedTexts packed(const event::PackedTexts& texts) {
    return texts.size() == 0 ? texts : packed_.try_emplace(texts.bytes(), texts).first->second;
  }

  std::map<std::string, event::SharedText, std::less<>> categories_;
  std::map<const SourceFile*, event::SharedText> files_;
  std::unordered_map<std::string_view, event::PackedTexts> packed_;  // by their own bytes
};

// What grew option by option keeps no room for more.
void fit(Signature& s) {
  s.buffers.shrink_to_fit();
  for (BufferProgram& buffer : s.buffers) {
    buffer.ops.shrink_to_fit();
    for (PayloadOp& op : buffer.ops) {
      if (auto* content = std::get_if<ContentOp>(&op)) content->bytes.shrink_to_fit();
      if (auto* pcre = std::get_if<PcreOp>(&op)) pcre->pattern.shrink_to_fit();
    }
  }
}

// Makes one Signature; the diagnostics of one rule come in the order of its text.
class RuleResolver {
 public:
  RuleResolver(const RuleFile& file, const Rule& rule, const RuleContext& context, VariableResolver& variables,
               CommonTexts& texts, Diagnostics& out)
      : file_(file), rule_(rule), variables_(variables), texts_(texts), builder_(file, rule, context, out) {}

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
  [[nodiscard]] bool looks_outside() const { return builder_.looks_outside(); }

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
    info.source_file = texts_.name_of(s.span.file);
    info.source_line = s.span.line;
    info.message.shrink_to_fit();
    texts_.share(info);
    fit(s);
    s.info = std::make_shared<const event::SignatureInfo>(std::move(info));
  }

  const RuleFile& file_;
  const Rule& rule_;
  VariableResolver& variables_;
  CommonTexts& texts_;
  RuleBuilder builder_;
  bool excludes_addresses_ = false;
};

using RuleKey = std::pair<std::uint32_t, std::uint32_t>;  // gid, sid

RuleKey key_of(const Signature& s) {
  return {s.info->gid, s.info->sid};
}

// All rules of a load, one place a gid and sid.
class RuleSet {
 public:
  RuleSet(ResolvedRules& result, Diagnostics& out) : result_(result), out_(out) {}

  [[nodiscard]] bool contains(const RuleKey& key) const { return places_.contains(key); }
  // A rule of an earlier load whose key is not there yet.
  void take_over(const SignatureList& from, std::size_t i) {
    places_.emplace(key_of(from[i]), result_.signatures.size());
    result_.signatures.take_over(from, i);
    ++result_.taken_over;
  }
  void add(Signature signature, SourceSpan sid) {
    const RuleKey key = key_of(signature);
    const auto [place, is_new] = places_.emplace(key, result_.signatures.size());
    if (is_new) {
      result_.signatures.push_back(std::move(signature));
      return;
    }
    const event::SignatureInfo& earlier = *std::as_const(result_.signatures)[place->second].info;
    const std::string where = earlier.source_file.str() + ":" + std::to_string(earlier.source_line);
    signature.origin = {};  // the next load is to say this again
    if (signature.info->rev <= earlier.rev) {
      ++result_.refused;
      out_.error(std::move(sid), "signature.sid.duplicate",
                 "sid " + std::to_string(key.second) + " is already used by the rule at " + where);
      return;
    }
    ++result_.replaced;
    out_.warning(std::move(sid), "signature.sid.replaced", "this newer revision replaces the rule at " + where);
    result_.signatures.replace(place->second, std::move(signature));
  }

 private:
  ResolvedRules& result_;
  Diagnostics& out_;
  std::map<RuleKey, std::size_t> places_;
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

// The place of a rule for a message, also of one that was taken over and holds no file any more.
SourceSpan span_of(const Signature& s, std::span<const SourceFilePtr> files) {
  SourceSpan span = s.span;
  if (span.file != nullptr) return span;
  const auto file = std::find_if(files.begin(), files.end(),
                                 [&](const SourceFilePtr& each) { return s.info->source_file == each->name(); });
  if (file != files.end()) span.file = *file;
  return span;
}

// A bit that rules ask for and none sets is a mistake more often than not.
void warn_unset_flowbits(const ResolvedRules& rules, std::span<const SourceFilePtr> files, Diagnostics& out) {
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
        out.warning(span_of(s, files), "signature.flowbits.never_set",
                    "flowbit " + rules.names.flowbits.name(bit) + " is asked for, but no rule sets it");
      }
    }
  }
}

std::size_t size_of(const VariableNames& names) {
  return names.flowbits.size() + names.flowints.size() + names.host_bits.size() + names.captures.size();
}

// Names that no rule has any more stay numbered while rules are taken over; some day all are numbered anew.
bool outgrown(const VariableNames& names) {
  return size_of(names) > 2 * names.at_first + 1000;
}

// Rules of an earlier load by what they were made of.
class EarlierRules {
 public:
  explicit EarlierRules(const SignatureDb* db) : db_(db) {
    if (db == nullptr) return;
    places_.reserve(db->signatures.size());
    for (std::uint32_t i = 0; i < db->signatures.size(); ++i) {
      if (db->signatures[i].origin != Origin{}) places_.emplace_back(db->signatures[i].origin, i);
    }
    std::sort(places_.begin(), places_.end());
  }
  using Origin = std::array<std::uint64_t, 2>;
  [[nodiscard]] std::optional<std::uint32_t> find(const Origin& origin) const {
    const auto at = std::lower_bound(places_.begin(), places_.end(), std::pair(origin, std::uint32_t{0}));
    if (at == places_.end() || at->first != origin) return std::nullopt;
    return at->second;
  }
  [[nodiscard]] const SignatureList& rules() const { return db_->signatures; }

 private:
  const SignatureDb* db_;
  std::vector<std::pair<Origin, std::uint32_t>> places_;
};

// One load: rules come one after another, and are done with when they have come.
class Resolution {
 public:
  Resolution(const ResolveSettings& settings, Diagnostics& out)
      : settings_(settings),
        out_(out),
        variables_(settings.variables, out),
        sets_(settings.datasets != nullptr ? *settings.datasets : own_sets_),
        context_{settings.classifications, settings.references, &result_.names, &sets_,
                 settings.reputation,      settings.geo} {
    sets_.begin_load();
    if (settings.previous != nullptr && !outgrown(settings.previous->names)) {
      result_.names = settings.previous->names;
      earlier_.emplace(settings.previous);
    }
  }
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

  void reserve(std::size_t rules) { result_.signatures.reserve(rules); }
  void add(const RuleFile& file, const Rule& rule, const EarlierRules::Origin& origin = {}) {
    if (!rule.enabled) {
      ++result_.disabled;
      return;
    }
    const std::size_t said = out_.error_count() + out_.warning_count();
    if (!requirements_met(file, rule, out_)) {
      ++result_.skipped;
      return;
    }
    RuleResolver resolver(file, rule, context_, variables_, texts_, out_);
    auto signature = resolver.run();
    if (!signature) {
      ++(resolver.left_out() ? result_.skipped : result_.refused);
      return;
    }
    if (settings_.keep_text) keep_text(*signature, rule);
    // Whatever was said about it is to be said again.
    const bool clean = out_.error_count() + out_.warning_count() == said && !resolver.looks_outside();
    if (clean) signature->origin = origin;
    set_.add(std::move(*signature), sid_span(file, rule));
  }
  // True: the rule of the earlier load that was made of the same is here as well.
  [[nodiscard]] bool take_over(const EarlierRules::Origin& origin) {
    if (!earlier_) return false;
    const auto place = earlier_->find(origin);
    if (!place) return false;
    const Signature& rule = earlier_->rules()[*place];
    if (set_.contains(key_of(rule)) || (settings_.changes && settings_.changes(*rule.info))) return false;
    set_.take_over(earlier_->rules(), *place);
    return true;
  }
  // A rule that is commented out and wanted nevertheless. A sid that a rule has already is left to it, and what is
  // wrong with such a rule is nobody's mistake.
  [[nodiscard]] bool is_wanted(const Rule& rule) const {
    return settings_.enable && !rule.enabled && !equals_ignoring_case(rule.action, "pass") && settings_.enable(rule);
  }
  void enable(const RuleFile& file, const Rule& rule) {
    Diagnostics ignored;
    if (!unheard_) unheard_.emplace(settings_.variables, unheard_diagnostics_);
    if (!requirements_met(file, rule, ignored)) return;
    auto signature = RuleResolver(file, rule, context_, *unheard_, texts_, ignored).run();
    if (!signature || set_.contains(key_of(*signature)) || result_.enabled.contains(key_of(*signature))) return;
    if (settings_.keep_text) keep_text(*signature, rule);
    result_.enabled.insert(key_of(*signature));
    result_.signatures.push_back(std::move(*signature));
    --result_.disabled;
  }
  [[nodiscard]] ResolvedRules finish(std::span<const SourceFilePtr> files) {
    warn_unset_flowbits(result_, files, out_);
    if (!earlier_) result_.names.at_first = size_of(result_.names);
    return std::move(result_);
  }

 private:
  const ResolveSettings& settings_;
  Diagnostics& out_;
  ResolvedRules result_;
  RuleSet set_{result_, out_};
  VariableResolver variables_;
  Diagnostics unheard_diagnostics_;
  std::optional<VariableResolver> unheard_;  // its errors are nobody's
  DatasetRegistry own_sets_;
  DatasetRegistry& sets_;
  const RuleContext context_;
  CommonTexts texts_;
  std::optional<EarlierRules> earlier_;
};

// What a rule is made of: its surroundings, its place, its text.
class OriginMaker {
 public:
  explicit OriginMaker(const ResolveSettings& settings) : context_(settings.context) {}
  [[nodiscard]] EarlierRules::Origin of(const SourceLines& lines, const LogicalLine& line) {
    if (context_.empty()) return {};
    hash_.add_piece(context_);
    hash_.add_piece(lines.file()->name());
    hash_.add_number(lines.span(line.text).line);
    hash_.add(line.text);
    return hash_.finish_short();
  }

 private:
  const std::string& context_;
  Sha256 hash_;
};

}  // namespace

ResolvedRules resolve_rules(std::span<const RuleFile* const> files, const ResolveSettings& settings, Diagnostics& out) {
  Resolution resolution(settings, out);
  std::vector<SourceFilePtr> sources;
  for (const RuleFile* file : files) {
    sources.push_back(file->lines->file());
    for (const Rule& rule : file->rules) resolution.add(*file, rule);
  }
  for (const RuleFile* file : files) {
    for (const Rule& rule : file->rules) {
      if (resolution.is_wanted(rule)) resolution.enable(*file, rule);
    }
  }
  return resolution.finish(sources);
}

ResolvedRules resolve_files(std::vector<SourceFilePtr> files, const ResolveSettings& settings, Diagnostics& out) {
  Diagnostics of_rules;
  Resolution resolution(settings, of_rules);
  OriginMaker origins(settings);
  std::vector<SourceLinesPtr> all_lines;
  std::vector<std::pair<RuleReader*, std::size_t>> wanted;  // commented out
  std::vector<std::unique_ptr<RuleReader>> readers;
  std::size_t rejected = 0;
  for (const SourceFilePtr& source : files) {
    RuleReader& reader = *readers.emplace_back(std::make_unique<RuleReader>(source, out));
    const RuleFile file{reader.lines(), {}, 0};
    const std::vector<LogicalLine>& lines = reader.lines()->lines();
    all_lines.push_back(reader.lines());
    resolution.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto origin = lines[i].comment ? EarlierRules::Origin{} : origins.of(*reader.lines(), lines[i]);
      if (!lines[i].comment && resolution.take_over(origin)) continue;
      const std::size_t said = out.error_count() + out.warning_count();
      const auto rule = reader.read(i);
      if (!rule) continue;
      if (resolution.is_wanted(*rule)) wanted.emplace_back(&reader, i);
      const bool clean = out.error_count() + out.warning_count() == said;
      resolution.add(file, *rule, clean ? origin : EarlierRules::Origin{});
    }
    rejected += reader.rejected();
  }
  for (const auto& [reader, line] : wanted) {
    const RuleFile file{reader->lines(), {}, 0};
    if (const auto rule = reader->read(line)) resolution.enable(file, *rule);
  }
  ResolvedRules result = resolution.finish(files);
  result.lines = std::move(all_lines);
  result.rejected = rejected;
  out.append(of_rules);
  return result;
}

ResolvedRules resolve_rules(const RuleFile& file, const ResolveSettings& settings, Diagnostics& out) {
  const RuleFile* const files[] = {&file};
  return resolve_rules(files, settings, out);
}

}  // namespace bulkhead::signatures
