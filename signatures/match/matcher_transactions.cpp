// Rules over the transactions of a protocol.
//
//   buffers of a protocol -> Hyperscan, once for all rules of that buffer -> candidates -> parts in order of progress
//
// A rule is a candidate once its fast pattern was seen, or from the start when it has none. It fires when all its
// parts have matched, once per transaction; a part whose buffer is whole and does not match decides against it.
#include <algorithm>

#include "signatures/keywords/buffer_keywords.h"
#include "signatures/match/matcher.h"
#include "signatures/match/scanner.h"
#include "signatures/match/transaction_state.h"

namespace bulkhead::signatures {

using bulkhead::Direction;

namespace {

TransactionState& state_of(app::Transaction& tx, const SignatureDb& db) {
  auto* state = static_cast<TransactionState*>(tx.extension.get());
  if (state == nullptr || state->db != &db) {
    auto fresh = std::make_unique<TransactionState>();
    fresh->db = &db;
    state = fresh.get();
    tx.extension = std::move(fresh);
  }
  return *state;
}

TransactionRule& entry_of(TransactionState::Side& side, std::uint32_t rule) {
  for (TransactionRule& known : side.rules) {
    if (known.rule == rule) return known;
  }
  side.rules.push_back({rule, 0, false});
  return side.rules.back();
}

}  // namespace

void Matcher::judge_transactions() {
  app::AppFlow& application = *context_->application;
  if (application.previous != nullptr) judge_parser(*application.previous, *application.previous_definition);
  if (application.parser != nullptr) judge_parser(*application.parser, *application.definition);
}

void Matcher::judge_parser(app::AppParser& parser, const app::Protocol& protocol) {
  if (state_ != nullptr && state_->logging_off) {
    for (const auto& tx : parser.transactions()) tx->logged = true;
  }
  if (context_->application->keep_files[index_of(context_->direction)]) {
    for (const auto& tx : parser.transactions()) {
      for (const auto& file : tx->files[index_of(context_->direction)]) file->keep();
    }
  }
  const TxGroup& group = db_->tx_groups[app::index_of(protocol.id)][index_of(context_->direction)];
  if (group.buffers.empty() && group.always.empty()) return;
  for (const auto& tx : parser.transactions()) {
    if (!tx->inspected[index_of(context_->direction)]) judge_transaction(*tx, protocol, group);
  }
}

void Matcher::judge_transaction(app::Transaction& tx, const app::Protocol& protocol, const TxGroup& group) {
  const std::size_t d = index_of(context_->direction);
  TransactionState::Side& side = state_of(tx, *db_).sides[d];
  if (side.begun && side.version == tx.version[d] && !context_->flow_ends) return;
  tx_rules_.clear();
  for (const TransactionRule& waiting : side.rules) {
    if (!waiting.decided) tx_rules_.push_back(waiting.rule);
  }
  if (!side.always_asked && knows_application()) {
    side.always_asked = true;
    tx_rules_.insert(tx_rules_.end(), group.always.begin(), group.always.end());
  }
  if (!side.begun) {
    side.looked.assign(group.buffers.size(), 0);
  }
  side.begun = true;
  side.version = tx.version[d];
  for (std::size_t i = 0; i < group.buffers.size(); ++i) {
    if (side.looked[i] != TransactionState::kWhole)
      side.looked[i] = scan_buffer(tx, protocol, group.buffers[i], side.looked[i]);
  }
  std::sort(tx_rules_.begin(), tx_rules_.end());
  tx_rules_.erase(std::unique(tx_rules_.begin(), tx_rules_.end()), tx_rules_.end());
  counters_.candidates.add(tx_rules_.size());
  for (const std::uint32_t rule : tx_rules_) {
    if (!db_->heads[rule].fits(source_port_, destination_port_, facts_)) continue;
    measured(rule, [&] { judge_tx_rule(tx, protocol, rule); });
  }
}

// Scans what is new of a buffer; answers how far it has been looked at.
std::uint64_t Matcher::scan_buffer(app::Transaction& tx, const app::Protocol& protocol, const TxBufferGroup& buffer,
                                   std::uint64_t looked) {
  const Direction d = context_->direction;
  const app::BufferDef& def = *buffer.def;
  const std::uint8_t progress = tx.progress[index_of(d)];
  if (progress < def.progress[index_of(d)]) return looked;
  const bool complete = progress >= protocol.complete[index_of(d)];
  const auto scan = [&](ByteSpan bytes) {
    for (const std::uint32_t literal : scanner_->scan_packet(*buffer.literals, bytes)) {
      const auto rules = buffer.literals->rules_of(literal);
      tx_rules_.insert(tx_rules_.end(), rules.begin(), rules.end());
    }
  };
  app::BufferView view;
  switch (def.kind) {
    case app::BufferDef::Kind::kSingle:
      if (def.get(tx, d, 0, view)) scan(view.bytes);
      return TransactionState::kWhole;
    case app::BufferDef::Kind::kMulti:
      for (; def.get(tx, d, static_cast<std::uint32_t>(looked), view); ++looked) scan(view.bytes);
      return complete ? TransactionState::kWhole : looked;
    case app::BufferDef::Kind::kBody:
      if (def.get(tx, d, 0, view) && view.begin + view.bytes.size() > looked) {
        scan(view.bytes);
        looked = view.begin + view.bytes.size();
      }
      return complete ? TransactionState::kWhole : looked;
    case app::BufferDef::Kind::kBodies:
      for (std::uint32_t i = 0; def.get(tx, d, i, view); ++i) {
        const std::uint64_t end = view.before + view.begin + view.bytes.size();
        if (end <= looked) continue;
        scan(view.bytes);
        looked = end;
      }
      return complete ? TransactionState::kWhole : looked;
    case app::BufferDef::Kind::kFiles: {
      std::uint64_t there = 0;  // of all files together: any that has grown, or a new one, changes it
      for (std::uint32_t i = 0; def.get(tx, d, i, view); ++i) {
        if (view.ready) there += view.begin + view.bytes.size() + 1;
      }
      if (there == looked) return looked;
      for (std::uint32_t i = 0; def.get(tx, d, i, view); ++i) {
        if (view.ready && !view.bytes.empty()) scan(view.bytes);
      }
      return there;
    }
  }
  return looked;
}

void Matcher::judge_tx_rule(app::Transaction& tx, const app::Protocol& protocol, std::uint32_t index) {
  const CompiledRule& rule = db_->rules[index];
  const Signature& s = *rule.signature;
  TransactionState::Side& side = static_cast<TransactionState&>(*tx.extension).sides[index_of(context_->direction)];
  TransactionRule& entry = entry_of(side, index);
  if (entry.decided) return;
  counters_.evaluated.add();
  use_->rules[index].checks.add();
  const auto conditions_hold = [&] {
    return std::all_of(s.conditions.begin(), s.conditions.end(),
                       [&](const PacketConditionPtr& condition) { return condition->holds(input_); });
  };
  payload_.begin(rule);
  if (!header_fits(s) || !flow_fits(s) || !variables_fit(s) || !conditions_hold() || !packet_buffers_fit(rule)) return;
  std::uint32_t bit = 1;
  for (const TxPart& part : rule.tx_parts) {
    const std::uint32_t mine = bit;
    bit <<= 1;
    if ((entry.done & mine) != 0) continue;
    switch (judge_part(tx, protocol, part)) {
      case PartResult::kMatch: entry.done |= mine; continue;
      case PartResult::kNever: entry.decided = true; return;
      case PartResult::kNotYet: return;
    }
  }
  entry.decided = true;
  if (!s.hostbit_checks.empty() && !host_bits_fit(s)) return;
  counters_.matches.add();
  use_->rules[index].matches.add();
  if (s.logging_off != Signature::LoggingOff::kNo) switch_logging_off(s, &tx);
  change_variables(s, index);
  if (s.file_storing) keep_files(tx, s);
  Match match;
  match.rule = index;
  match.tx_id = tx.id;
  matches_.push_back(match);
}

Matcher::PartResult Matcher::judge_part(app::Transaction& tx, const app::Protocol& protocol, const TxPart& part) {
  const Direction d = context_->direction;
  const std::uint8_t progress = tx.progress[index_of(d)];
  const bool complete = progress >= protocol.complete[index_of(d)];
  const PartResult no = complete ? PartResult::kNever : PartResult::kNotYet;
  switch (part.kind) {
    case TxPart::Kind::kPayload:
      if (stream_waits()) return PartResult::kNotYet;
      return payload_part(*part.program) ? PartResult::kMatch : no;
    case TxPart::Kind::kCondition:
      if (part.condition->protocols.any() && !part.condition->protocols[app::index_of(protocol.id)]) {
        return PartResult::kNever;
      }
      if (progress < part.condition->progress[index_of(d)]) return no;
      return part.condition->holds(protocol, tx, d) ? PartResult::kMatch : no;
    case TxPart::Kind::kFiles: return files_part(tx, *part.files);
    case TxPart::Kind::kBuffer: break;
  }
  const app::BufferDef* def = app::buffer_of(protocol, buffer_number(part.program->buffer));
  if (def == nullptr || !def->has(d)) return PartResult::kNever;
  if (progress < def->progress[index_of(d)]) return PartResult::kNotYet;
  app::BufferView view;
  if (def->kind == app::BufferDef::Kind::kMulti || def->kind == app::BufferDef::Kind::kBodies) {
    for (std::uint32_t i = 0; def->get(tx, d, i, view); ++i) {
      if (payload_.matches(*part.program, {view.bytes, view.begin, view.first})) return PartResult::kMatch;
    }
    return no;
  }
  if (def->kind == app::BufferDef::Kind::kFiles) {
    for (std::uint32_t i = 0; def->get(tx, d, i, view); ++i) {
      if (view.ready && payload_.matches(*part.program, {view.bytes, view.begin, view.first}))
        return PartResult::kMatch;
    }
    return no;
  }
  if (!def->get(tx, d, 0, view)) return def->kind == app::BufferDef::Kind::kBody ? no : PartResult::kNever;
  if (payload_.matches(*part.program, {view.bytes, view.begin, view.first})) return PartResult::kMatch;
  return def->kind == app::BufferDef::Kind::kBody ? no : PartResult::kNever;
}

// Stream data is there that is judged together with what follows it (MatchSettings::stream_chunk).
bool Matcher::stream_waits() const {
  return side_ == nullptr && context_->stream_readable && context_->tcp != nullptr;
}

// Payload options in a rule over transactions: the stream as far as it is kept, or the packet.
bool Matcher::payload_part(const PayloadProgram& program) {
  if (context_->tcp == nullptr) return payload_.matches(program, {input_.packet->payload, 0, true});
  const stream::StreamSide& side = context_->tcp->side(context_->direction);
  const std::uint64_t begin = side.window_begin(), end = std::max(side.inspect_end(), begin);
  const ByteSpan window = side.window();
  const ByteSpan bytes = window.first(std::min<std::uint64_t>(end - begin, window.size()));
  return payload_.matches(program, {bytes, begin, begin == 0});
}

// filestore: the files that fulfil the rule's conditions, or all of the transaction or of the flow from now on.
void Matcher::keep_files(app::Transaction& tx, const Signature& s) {
  const FileStoring& storing = *s.file_storing;
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    const bool asked = d == Direction::kToServer ? storing.to_server : storing.to_client;
    if (storing.matched_direction ? d != context_->direction : !asked) continue;
    if (storing.scope == FileStoring::Scope::kFlow) context_->application->keep_files[index_of(d)] = true;
    for (const auto& file : tx.files[index_of(d)]) {
      const bool fits = storing.scope != FileStoring::Scope::kFile ||
                        std::all_of(s.file_conditions.begin(), s.file_conditions.end(),
                                    [&](const FileCondition& c) { return c.holds(*file) == FileAnswer::kYes; });
      if (fits) file->keep();
    }
  }
}

// One file must fulfil all of the rule's conditions on files.
Matcher::PartResult Matcher::files_part(const app::Transaction& tx, const RareList<FileCondition>& conditions) {
  const std::size_t d = index_of(context_->direction);
  bool wait = false;
  for (const auto& file : tx.files[d]) {
    bool all = true, later = false;
    for (const FileCondition& condition : conditions) {
      const FileAnswer answer = condition.holds(*file);
      all &= answer == FileAnswer::kYes;
      later |= answer == FileAnswer::kNotYet;
      if (answer == FileAnswer::kNo) {
        later = false;
        break;
      }
    }
    if (all) return PartResult::kMatch;
    wait |= later;
  }
  const bool done = std::all_of(tx.files[d].begin(), tx.files[d].end(), [](const auto& f) { return f->ended(); });
  const bool more =
      context_->application->definition == nullptr || tx.progress[d] < context_->application->definition->complete[d];
  return wait || !done || more ? PartResult::kNotYet : PartResult::kNever;
}

}  // namespace bulkhead::signatures
