#include "signatures/compile/compiler.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "signatures/compile/fast_pattern.h"
#include "signatures/keywords/buffer_keywords.h"

namespace bulkhead::signatures {
namespace {

class Compiler {
 public:
  Compiler(const CompilerSettings& settings, Diagnostics& diagnostics)
      : settings_(settings), diagnostics_(diagnostics), hyperscan_(settings.cache_directory) {}

  Result<SignatureDbPtr> run(SignatureList signatures, VariableNames names);

 private:
  void know_regexes(const Signature& signature);
  bool compile_regexes(Signature& signature);
  void add_rule(Signature& signature, std::uint32_t index);
  static std::shared_ptr<const CompiledRule> compile_rule(const Signature& signature);
  static void make_parts(CompiledRule& rule);
  void fill_tx_groups();
  void fill_group(RuleGroup& group, ProtocolClass c, AddressIndexBuilder& addresses);
  LiteralDbPtr literal_db(const RuleIndexes& rules, ScanMode mode);
  std::optional<Error> compile_databases();
  void count();

  const CompilerSettings& settings_;
  Diagnostics& diagnostics_;
  HyperscanCompiler hyperscan_;
  std::shared_ptr<SignatureDb> db_ = std::make_shared<SignatureDb>();
  std::map<std::pair<std::string, bool>, std::shared_ptr<const Regex>> regexes_;  // with a look first, or without
  std::map<std::pair<ScanMode, RuleIndexes>, LiteralDbPtr> literal_dbs_;
};

bool has_pattern(const Signature& s) {
  return s.fast_op >= 0;
}

// Without a pattern an expression runs on every packet: there the cheap look first pays.
bool looks_first(const Signature& signature, const PcreOp& pcre) {
  return !has_pattern(signature) && !pcre.relative;
}

// The expressions of a rule that was taken over.
void Compiler::know_regexes(const Signature& signature) {
  for (const BufferProgram& buffer : signature.buffers) {
    for (const PayloadOp& op : buffer.ops) {
      if (const auto* pcre = std::get_if<PcreOp>(&op))
        regexes_.try_emplace({Regex::key(*pcre), looks_first(signature, *pcre)}, pcre->engine);
    }
  }
}

// Compiles every expression of the rule; equal ones share one Regex.
bool Compiler::compile_regexes(Signature& signature) {
  for (BufferProgram& buffer : signature.buffers) {
    for (PayloadOp& op : buffer.ops) {
      auto* pcre = std::get_if<PcreOp>(&op);
      if (pcre == nullptr) continue;
      std::pair name(Regex::key(*pcre), looks_first(signature, *pcre));
      const auto known = regexes_.find(name);
      if (known != regexes_.end()) {
        pcre->engine = known->second;
        continue;
      }
      Result<Regex> regex = Regex::compile(*pcre);
      if (!regex) {
        diagnostics_.error(pcre->span.in(signature.span.file), "signature.pcre.syntax",
                           "regular expression: " + regex.error().text);
        return false;
      }
      if (name.second) regex->add_precheck(*pcre);
      pcre->engine = std::make_shared<const Regex>(std::move(*regex));
      regexes_.emplace(std::move(name), pcre->engine);
    }
  }
  return true;
}

bool is_whole_pattern(const Signature& s) {
  if (s.fast_op < 0 || s.buffers.size() != 1 || s.buffers[0].ops.size() != 1) return false;
  return std::get<ContentOp>(s.buffers[0].ops[0]).bytes.size() == s.fast_bytes.size();
}

void set_ports(const PortSet& set, std::uint16_t& low, std::uint16_t& high) {
  if (set.any || set.ranges.empty()) return;
  low = set.ranges.front().first;
  high = set.ranges.back().last;
}

RuleHead head_of(const Signature& s) {
  RuleHead head;
  if (!s.bidirectional) {
    set_ports(s.source_ports, head.source_low, head.source_high);
    set_ports(s.destination_ports, head.destination_low, head.destination_high);
  }
  // As in Suricata 7: a packet without a flow counts as sent to the server; any other word about flows needs one.
  if (s.flow.to_server) head.exclude |= fact::kToClient;
  if (s.flow.to_client) head.require |= fact::kFlow | fact::kToClient;
  if (s.flow.established) head.require |= fact::kFlow | fact::kEstablished;
  if (s.flow.not_established) head.exclude |= fact::kEstablished;
  if (s.flow.not_established || s.flow.stateless) head.require |= fact::kFlow;
  if (!s.flowbit_checks.empty() || !s.flowint_checks.empty()) head.require |= fact::kFlow;
  for (const FlowbitOp& op : s.flowbit_checks) {
    if (op.command == FlowbitOp::Command::kIsSet) head.require |= fact::kFlowbits;
  }
  const auto on_payload = [](const BufferProgram& buffer) { return buffer.buffer == BufferId::kPayload; };
  if (!s.inspects_transactions && std::any_of(s.buffers.begin(), s.buffers.end(), on_payload))
    head.require |= fact::kPayload;
  return head;
}

// Vectors inside of `rule` keep their elements when it moves, so parts may point into them.
void Compiler::make_parts(CompiledRule& rule) {
  const Signature& s = *rule.signature;
  for (const TransactionCondition& condition : s.transaction_conditions) {
    rule.tx_parts.push_back({TxPart::Kind::kCondition, nullptr, &condition, nullptr});
  }
  const auto stage = [](const PayloadProgram& program) {
    const auto& progress = app::buffer_entry(buffer_number(program.buffer)).def->progress;
    return std::min(progress[0], progress[1]);
  };
  std::stable_sort(rule.tx_programs.begin(), rule.tx_programs.end(),
                   [&](const PayloadProgram& a, const PayloadProgram& b) { return stage(a) < stage(b); });
  for (const PayloadProgram& program : rule.tx_programs) {
    rule.tx_parts.push_back({TxPart::Kind::kBuffer, &program, nullptr, nullptr});
  }
  for (const PayloadProgram& program : rule.programs) {
    rule.tx_parts.push_back({TxPart::Kind::kPayload, &program, nullptr, nullptr});
  }
  if (!s.file_conditions.empty()) rule.tx_parts.push_back({TxPart::Kind::kFiles, nullptr, nullptr, &s.file_conditions});
}

// Rules over transactions, by protocol and direction: those with a pattern by its buffer, the others in one list.
void Compiler::fill_tx_groups() {
  for (const app::Protocol* protocol : app::all_protocols()) {
    for (const auto d : {bulkhead::Direction::kToServer, bulkhead::Direction::kToClient}) {
      TxGroup& group = db_->tx_groups[app::index_of(protocol->id)][index_of(d)];
      std::map<BufferId, RuleIndexes> by_buffer;
      for (std::uint32_t index = 0; index < db_->signatures.size(); ++index) {
        const Signature& s = db_->signatures[index];
        if (!s.inspects_transactions || !s.directions[index_of(d)]) continue;
        if (s.app_protocols.any() && !s.app_protocols[app::index_of(protocol->id)]) continue;
        if (has_pattern(s)) {
          by_buffer[s.buffers[static_cast<std::size_t>(s.fast_buffer)].buffer].push_back(index);
        } else {
          group.always.push_back(index);
        }
      }
      for (const auto& [buffer, rules] : by_buffer) {
        const app::BufferDef* def = app::buffer_of(*protocol, buffer_number(buffer));
        if (def != nullptr && def->has(d)) group.buffers.push_back({def, literal_db(rules, ScanMode::kBlock)});
      }
    }
  }
}

std::shared_ptr<const CompiledRule> Compiler::compile_rule(const Signature& s) {
  auto compiled = std::make_shared<CompiledRule>();
  CompiledRule& rule = *compiled;
  rule.signature = &s;
  for (const BufferProgram& buffer : s.buffers) {
    auto& programs = is_packet_buffer(buffer.buffer)          ? rule.packet_programs
                     : buffer.buffer == BufferId::kBase64Data ? rule.base64_programs
                     : is_application_buffer(buffer.buffer)   ? rule.tx_programs
                                                              : rule.programs;
    if (!buffer.ops.empty()) programs.push_back(compile_payload(buffer));
  }
  for (auto* programs : {&rule.programs, &rule.packet_programs, &rule.base64_programs, &rule.tx_programs})
    programs->shrink_to_fit();
  if (s.inspects_transactions) make_parts(rule);
  rule.whole_pattern = is_whole_pattern(s);
  for (const PacketConditionPtr& condition : s.conditions) {
    rule.needs_decode_events |= condition->gate() == PacketCondition::Gate::kDecodeEvents;
    rule.needs_stream_events |= condition->gate() == PacketCondition::Gate::kStreamEvents;
  }
  rule.needs_decode_events |= s.decode_events_only;
  rule.acts_on_flow = s.ip_only || s.application_only;
  rule.tx_parts.shrink_to_fit();
  return compiled;
}

// What the database as a whole has to know of the rule.
void Compiler::add_rule(Signature& s, std::uint32_t index) {
  if (s.compiled == nullptr) {
    s.compiled = compile_rule(s);
    if (!settings_.keep_source) s.span.file.reset();
  }
  if (s.compiled->needs_decode_events) db_->decode_event_rules.push_back(index);
  db_->needs_md5 |= s.needs_md5;
  db_->needs_sha1 |= s.needs_sha1;
  db_->needs_sha256 |= s.needs_sha256;
  for (const BufferProgram& buffer : s.buffers) {
    if (!is_application_buffer(buffer.buffer)) continue;
    const app::Feature feature = app::buffer_entry(buffer_number(buffer.buffer)).def->feature;
    db_->features.ja3 |= feature == app::Feature::kJa3;
    db_->features.ja4 |= feature == app::Feature::kJa4;
    db_->features.hassh |= feature == app::Feature::kHassh;
  }
  db_->heads.push_back(head_of(s));
}

LiteralDbPtr Compiler::literal_db(const RuleIndexes& rules, ScanMode mode) {
  if (rules.empty()) return nullptr;
  LiteralDbPtr& slot = literal_dbs_[{mode, rules}];
  if (slot) return slot;
  slot = std::make_shared<LiteralDb>();
  slot->id = static_cast<std::uint32_t>(db_->literal_dbs.size());
  slot->mode = mode;
  std::map<Literal, RuleIndexes> by_literal;
  for (const std::uint32_t index : rules) {
    const Signature& s = db_->signatures[index];
    const auto& content = std::get<ContentOp>(
        s.buffers[static_cast<std::size_t>(s.fast_buffer)].ops[static_cast<std::size_t>(s.fast_op)]);
    by_literal[{s.fast_bytes, content.nocase}].push_back(index);
  }
  for (auto& [literal, members] : by_literal) {
    slot->longest = std::max(slot->longest, literal.bytes.size());
    slot->shortest = slot->literals.empty() ? literal.bytes.size() : std::min(slot->shortest, literal.bytes.size());
    slot->literals.push_back(literal);
    slot->first_rule.push_back(static_cast<std::uint32_t>(slot->rules.size()));
    slot->rules.insert(slot->rules.end(), members.begin(), members.end());
  }
  slot->literal_count = slot->literals.size();
  slot->first_rule.push_back(static_cast<std::uint32_t>(slot->rules.size()));
  db_->literal_dbs.push_back(slot);
  return slot;
}

// `alert http any any -> any any (sid:1;)`: asked of every packet, and of what a connection leaves behind.
bool needs_only_a_protocol(const CompiledRule& rule) {
  const Signature& s = *rule.signature;
  return s.protocol == RuleProtocol::kApplication && s.conditions.empty() && rule.packet_programs.empty();
}

// Sorts the members of a group by what makes them candidates.
void Compiler::fill_group(RuleGroup& group, ProtocolClass c, AddressIndexBuilder& addresses) {
  RuleIndexes stream, packet;
  for (const std::uint32_t index : group.members) {
    const CompiledRule& rule = db_->rules[index];
    const Signature& s = *rule.signature;
    if (rule.needs_decode_events) continue;  // a list of its own, for all packets
    if (s.inspects_transactions) continue;   // judged with the transactions
    if (s.ip_only) {
      group.ip_only.push_back(index);
    } else if (rule.needs_stream_events) {
      group.stream_events.push_back(index);
    } else if (rule.programs.empty()) {
      group.packet_always.push_back(index);
      if (needs_only_a_protocol(rule)) group.at_flow_end.push_back(index);
    } else {
      const bool tcp = c == ProtocolClass::kTcp;
      const bool on_stream = tcp && s.inspects_stream;
      const bool on_packet =
          !tcp ? s.protocol != RuleProtocol::kTcpStream : s.inspects_packet_payload || !s.inspects_stream;
      if (on_stream) (has_pattern(s) ? stream : group.stream_always).push_back(index);
      if (on_packet) (has_pattern(s) ? packet : group.packet_always).push_back(index);
    }
  }
  group.member_count = group.members.size();
  group.members = RuleIndexes();
  group.packet_by_source = addresses.take(AddressTables::Side::kSource, group.packet_always);
  group.packet_by_destination = addresses.take(AddressTables::Side::kDestination, group.packet_always);
  group.ip_only_by_source = addresses.take(AddressTables::Side::kSource, group.ip_only);
  group.ip_only_by_destination = addresses.take(AddressTables::Side::kDestination, group.ip_only);
  group.stream = literal_db(stream, ScanMode::kStream);
  group.packet = literal_db(packet, ScanMode::kBlock);
  if (c == ProtocolClass::kTcp) {
    RuleIndexes both;
    std::set_union(stream.begin(), stream.end(), packet.begin(), packet.end(), std::back_inserter(both));
    group.segment = literal_db(both, ScanMode::kBlock);
  }
}

// All databases: what is known or in the cache on several threads. What has to be compiled is compiled by this one,
// since each takes up to 80 MB for a while, and another thread would take and keep as much (DECISIONS 44).
std::optional<Error> Compiler::compile_databases() {
  const std::vector<LiteralDbPtr>& all = db_->literal_dbs;
  std::atomic<std::size_t> next{0};
  const auto look = [&] {
    for (std::size_t i = next++; i < all.size(); i = next++)
      all[i]->db = hyperscan_.find(all[i]->literals, all[i]->mode);
  };
  const unsigned cores = settings_.threads != 0 ? settings_.threads : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::min<std::size_t>(cores, all.size()); ++i) threads.emplace_back(look);
  look();
  for (std::thread& t : threads) t.join();
  for (const LiteralDbPtr& target : all) {
    if (target->db == nullptr) {
      Result<HyperscanDbPtr> made = hyperscan_.make(target->literals, target->mode);
      if (!made) return made.error();
      target->db = *made;
    }
    hs_database_size(target->db.get(), &target->database_bytes);
    if (target->mode == ScanMode::kStream) hs_stream_size(target->db.get(), &target->stream_bytes);
    target->literals = std::vector<Literal>();
  }
  return std::nullopt;
}

void Compiler::count() {
  SignatureDbStats& stats = db_->stats;
  stats.rules = db_->signatures.size();
  for (const Signature& s : db_->signatures) {
    ++(has_pattern(s) ? stats.rules_with_pattern : stats.rules_without_pattern);
    if (s.ip_only) ++stats.ip_only;
    db_->has_host_tags |= std::any_of(s.tags.begin(), s.tags.end(), [](const TagSpec& tag) { return tag.host; });
    db_->variable_slots = std::max(db_->variable_slots, static_cast<std::uint32_t>(std::max<int>(0, s.variable_slots)));
  }
  stats.regexes = db_->regexes.size();
  for (const auto& regex : db_->regexes) {
    stats.regex_bytes += regex->bytes();
    if (!regex->jit()) ++stats.regexes_without_jit;
  }
  for (const auto& directions : db_->groups) {
    for (const PortGroups& ports : directions) stats.groups += ports.groups.size();
  }
  stats.databases = db_->literal_dbs.size();
  for (const LiteralDbPtr& literals : db_->literal_dbs) {
    stats.database_bytes += literals->database_bytes;
    stats.literals += literals->literal_count;
    stats.largest_stream_bytes = std::max(stats.largest_stream_bytes, literals->stream_bytes);
  }
  stats.cache_hits = hyperscan_.stats().hits;
  stats.cache_misses = hyperscan_.stats().misses;
  stats.cache_corrupt = hyperscan_.stats().corrupt;
  if (const std::string why = hyperscan_.distrust(); !why.empty()) {
    diagnostics_.warning({}, "signature.cache.distrusted", "the cache of compiled patterns is not believed: " + why,
                         "somebody else could put patterns into it; what it holds is compiled anew");
  }
}

Result<SignatureDbPtr> Compiler::run(SignatureList signatures, VariableNames names) {
  const auto start = std::chrono::steady_clock::now();
  for (const Signature& s : std::as_const(signatures)) {
    if (s.compiled != nullptr) know_regexes(s);
  }
  signatures.remove_if([&](Signature& s) {
    if (s.compiled != nullptr) {
      ++db_->stats.taken_over;
      return false;
    }
    choose_fast_pattern(s);
    return !compile_regexes(s);
  });
  for (const auto& [name, regex] : regexes_) db_->regexes.push_back(regex);
  regexes_.clear();
  sort_signatures(signatures, settings_.action_order);
  db_->signatures = std::move(signatures);
  db_->names = std::move(names);
  db_->context = settings_.context;
  db_->heads.reserve(db_->signatures.size());
  for (std::uint32_t i = 0; i < db_->signatures.size(); ++i) add_rule(db_->signatures[i], i);
  AddressIndexBuilder addresses(db_->signatures);
  for (std::size_t c = 0; c < kProtocolClasses; ++c) {
    for (const auto d : {bulkhead::Direction::kToServer, bulkhead::Direction::kToClient}) {
      PortGroups& ports = db_->groups[c][index_of(d)];
      ports = make_port_groups(db_->signatures, static_cast<ProtocolClass>(c), d, settings_.max_groups);
      for (RuleGroup& group : ports.groups) fill_group(group, static_cast<ProtocolClass>(c), addresses);
    }
  }
  fill_tx_groups();
  literal_dbs_.clear();
  if (settings_.before_databases) settings_.before_databases();
  if (std::optional<Error> error = compile_databases()) return *std::move(error);
  count();
  db_->stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return SignatureDbPtr(std::move(db_));
}

}  // namespace

Result<SignatureDbPtr> compile_signatures(SignatureList signatures, VariableNames names,
                                          const CompilerSettings& settings, Diagnostics& diagnostics) {
  return Compiler(settings, diagnostics).run(std::move(signatures), std::move(names));
}

}  // namespace bulkhead::signatures
