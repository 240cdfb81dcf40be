#include "signatures/match/signature_inspector.h"

#include <algorithm>
#include <array>

namespace bulkhead::signatures {
namespace {

using bulkhead::Direction;

// Old number -> new number of the same name, for the variables of one flow.
template <typename Use>
void renumber(const NameTable& from, const NameTable& to, std::uint32_t id, Use use) {
  const std::string& name = from.name(id);
  for (std::uint32_t i = 0; i < to.size(); ++i) {
    if (to.name(i) == name) {
      use(i);
      return;
    }
  }
}

FlowVariables renumbered(const FlowVariables& old, const VariableNames& from, const VariableNames& to) {
  FlowVariables out;
  for (std::uint32_t bit = 0; bit < old.bits.size() * 64; ++bit) {
    if (old.bit(bit)) renumber(from.flowbits, to.flowbits, bit, [&](std::uint32_t id) { out.set_bit(id, true); });
  }
  for (const auto& [old_id, value] : old.ints) {
    renumber(from.flowints, to.flowints, old_id,
             [&out, &number = value](std::uint32_t id) { out.ints.emplace_back(id, number); });
  }
  for (const auto& [old_id, text] : old.captures) {
    renumber(from.captures, to.captures, old_id,
             [&out, &bytes = text](std::uint32_t id) { out.captures.emplace_back(id, bytes); });
  }
  return out;
}

}  // namespace

std::unique_ptr<pipeline::Inspector> SignatureFactory::make(std::uint32_t) const {
  return std::make_unique<SignatureInspector>(db_, settings_, shared_);
}

SignatureInspector::SignatureInspector(SignatureDbPtr db, const MatchSettings& settings,
                                       std::shared_ptr<SharedState> shared)
    : db_(std::move(db)),
      settings_(settings),
      shared_(std::move(shared)),
      scanner_(db_, settings.max_idle_streams),
      matcher_(db_, settings, shared_) {
  matcher_.use(scanner_);
}

// --- flow state ---

SignatureFlowState& SignatureInspector::state_of(flow::Flow& flow) {
  auto* state = static_cast<SignatureFlowState*>(flow.extension(flow::ExtensionSlot::kSignatures));
  if (state == nullptr) {
    auto fresh = std::make_unique<SignatureFlowState>();
    state = fresh.get();
    state->db = db_;
    flow.set_extension(flow::ExtensionSlot::kSignatures, std::move(fresh));
    choose_groups(flow, *state);
    return *state;
  }
  if (state->db != db_) {
    adopt(flow, *state);
  } else if (state->client_port != flow.client.source_port || state->server_port != flow.client.destination_port) {
    // The flow was turned round: what was scanned belongs to the other side's rules.
    for (StreamScan& scan : state->sides) scanner_.close(scan, scan.group->stream.get());
    for (StreamScan& scan : state->sides) scan = StreamScan{};
    choose_groups(flow, *state);
  }
  return *state;
}

void SignatureInspector::adopt(flow::Flow& flow) {
  auto* state = static_cast<SignatureFlowState*>(flow.extension(flow::ExtensionSlot::kSignatures));
  if (state != nullptr && state->db != db_) adopt(flow, *state);
}

// A new generation of rules: positions stay, variables get the numbers of the new rules, and a scan goes on where the
// literals are the same (hyperscan_db.h); else it begins anew.
void SignatureInspector::adopt(const flow::Flow& flow, SignatureFlowState& state) {
  const auto literals = [](const StreamScan& scan) {
    return scan.group->stream != nullptr ? scan.group->stream->db.get() : nullptr;
  };
  const std::array before = {literals(state.sides[0]), literals(state.sides[1])};
  const SignatureDbPtr kept = std::exchange(state.db, db_);
  choose_groups(flow, state);
  for (std::size_t side = 0; side < state.sides.size(); ++side) {
    StreamScan& scan = state.sides[side];
    scan.pending.clear();
    scan.fired.clear();
    if (scan.stream != nullptr && literals(scan) == before[side]) continue;
    scanner_.close(scan, nullptr);
    scan.base = 0;
    scan.hits.clear();
  }
  state.variables = renumbered(state.variables, kept->names, db_->names);
}

void SignatureInspector::choose_groups(const flow::Flow& flow, SignatureFlowState& state) {
  state.client_port = flow.client.source_port;
  state.server_port = flow.client.destination_port;
  const ProtocolClass c = class_of_protocol(flow.client.protocol);
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    state.sides[index_of(d)].group = &db_->group(c, d, state.server_port, state.client_port);
  }
}

void SignatureInspector::on_flow_end(flow::Flow& flow) {
  auto* state = static_cast<SignatureFlowState*>(flow.extension(flow::ExtensionSlot::kSignatures));
  if (state == nullptr || state->db != db_) return;  // closed by the state's own destructor
  for (StreamScan& scan : state->sides) scanner_.close(scan, scan.group->stream.get());
}

// --- stream ---

void SignatureInspector::on_data(flow::Flow& flow, Direction d, std::uint64_t offset, ByteSpan data) {
  if (flow.action != flow::FlowAction::kNone || !flow.payload_inspection || data.empty()) return;
  if (flow.state == flow::FlowState::kBypassed) return;
  StreamScan& scan = state_of(flow).sides[index_of(d)];
  if (scan.group->stream != nullptr) {
    scanner_.feed(scan, *scan.group->stream, offset, data);
  } else {
    scan.scanned_end = offset + data.size();
  }
}

void SignatureInspector::on_gap(flow::Flow& flow, Direction d, std::uint64_t, std::uint64_t) {
  StreamScan& scan = state_of(flow).sides[index_of(d)];
  scanner_.close(scan, scan.group->stream.get());
}

void SignatureInspector::on_rewind(flow::Flow& flow, Direction d, std::uint64_t offset) {
  StreamScan& scan = state_of(flow).sides[index_of(d)];
  ByteSpan before;
  const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session != nullptr) {
    const stream::StreamSide& side = session->side(d);
    if (offset > side.window_begin()) {
      before = side.window().first(std::min<std::uint64_t>(offset - side.window_begin(), side.window().size()));
    }
  }
  if (scan.group->stream != nullptr) {
    scanner_.rewind(scan, *scan.group->stream, offset, before);
  } else {
    scan.judged_end = std::min(scan.judged_end, offset);
  }
  std::erase_if(scan.pending, [&](const PendingRule& p) { return p.end > offset; });
}

// --- candidates ---

void SignatureInspector::add_always(std::span<const std::uint32_t> rules, bool on_packet, bool on_stream) {
  for (const std::uint32_t rule : rules) {
    if (on_stream || matcher_.fits(rule)) matcher_.add({rule, on_packet, on_stream, false, 0, 0});
  }
}

void SignatureInspector::add_pattern_candidates(const LiteralDb& literals, ByteSpan payload) {
  for (const std::uint32_t literal : scanner_.scan_packet(literals, payload)) {
    for (const std::uint32_t rule : literals.rules_of(literal)) {
      if (matcher_.fits(rule)) matcher_.add({rule, true, false, false, 0, 0});
    }
  }
}

void SignatureInspector::add_packet_candidates(const pipeline::InspectContext& context, const RuleGroup& group,
                                               bool tcp) {
  const decode::PacketView& packet = *context.packet;
  if (!packet.events.empty()) add_always(db_->decode_event_rules, true, false);
  if (packet.invalid && !packet.is_ip()) return;  // with a sound IP header rules for headers apply
  if (context.stream != nullptr && !context.stream->events.empty()) add_always(group.stream_events, true, false);
  add_always(group.packet_always, true, false);
  add_always(group.packet_by_source.find(packet.source), true, false);
  add_always(group.packet_by_destination.find(packet.destination), true, false);
  if (packet.payload.empty() || (context.flow != nullptr && !context.flow->payload_inspection)) return;
  // A segment that the stream engine did not take is all that rules for streams will ever see of it.
  const bool alone = tcp && !context.payload_in_stream;
  const LiteralDbPtr& literals = alone ? group.segment : group.packet;
  if (literals != nullptr) add_pattern_candidates(*literals, packet.payload);
  if (alone) add_always(group.stream_always, true, false);
}

void SignatureInspector::add_stream_candidates(StreamScan& scan, const RuleGroup& group, std::uint64_t readable_end) {
  if (readable_end <= scan.judged_end) return;
  add_always(group.stream_always, false, true);
  for (const PatternHit& hit : scan.hits) {
    if (hit.first_end > readable_end) continue;
    const std::uint64_t last = std::min(hit.last_end, readable_end);
    for (const std::uint32_t rule : group.stream->rules_of(hit.literal)) {
      const Signature& s = db_->signatures[rule];
      const auto& op = s.buffers[static_cast<std::size_t>(s.fast_buffer)].ops[static_cast<std::size_t>(s.fast_op)];
      const std::uint64_t length = std::get<ContentOp>(op).bytes.size();
      matcher_.add({rule, false, true, true, hit.first_end - std::min(hit.first_end, length), last});
    }
  }
  for (const PendingRule& p : scan.pending) matcher_.add({p.rule, false, true, true, p.begin, p.end});
  scan.pending.clear();  // the matcher puts back those that stay
}

// Forgets what has been judged and gives back the memory of the window.
void SignatureInspector::after_stream(StreamScan& scan, stream::StreamSide& side) {
  const std::uint64_t end = side.inspect_end();
  std::uint64_t needed = end;
  if (end > scan.judged_end) {
    scan.judged_end = end;
    std::erase_if(scan.hits, [&](const PatternHit& hit) { return hit.last_end <= end; });
    for (PatternHit& hit : scan.hits) {
      if (hit.first_end <= end) hit.first_end = hit.last_end;
    }
  }
  for (const PendingRule& p : scan.pending) needed = std::min(needed, p.begin);
  for (const PatternHit& hit : scan.hits)
    needed = std::min(needed, hit.first_end - std::min<std::uint64_t>(hit.first_end, 256));
  side.release(needed);
  // Nothing more will come: the flow waits for its timeout without its scan.
  const bool over = (side.closed() || side.depth_reached()) && end == side.delivered_end();
  if (over && scan.stream != nullptr && scan.hits.empty()) scanner_.close(scan, scan.group->stream.get());
}

namespace {

// At its end a connection is looked at once more when it was not closed, or when it leaves data that nobody has seen.
bool has_more_to_say(const stream::TcpSession& session, const stream::StreamSide& side, const StreamScan& scan) {
  const flow::TcpState state = session.state();
  return (state >= flow::TcpState::kEstablished && state < flow::TcpState::kClosed) ||
         side.inspect_end() > scan.judged_end;
}

}  // namespace

// With stream.reassembly.toserver-chunk-size and its twin small pieces wait for more, until nothing more comes.
bool SignatureInspector::is_due(const pipeline::InspectContext& context, const StreamScan& scan,
                                const stream::StreamSide& side) const {
  const std::uint32_t chunk = settings_.stream_chunk[index_of(context.direction)];
  if (chunk == 0 || context.inline_mode || context.flow_ends) return true;
  if (side.inspect_end() >= scan.judged_end + chunk || side.closed() || side.depth_reached()) return true;
  const app::AppFlow* const application = context.application;
  return application != nullptr && application->parser != nullptr && application->protocol != app::AppProtocol::ftp;
}

void SignatureInspector::inspect(pipeline::InspectContext& context) {
  flow::Flow* const flow = context.flow;
  if (flow != nullptr && (flow->action != flow::FlowAction::kNone || flow->state == flow::FlowState::kBypassed)) {
    // Decided: nothing of the stream is needed any more.
    if (context.tcp != nullptr)
      context.tcp->side(context.direction).release(context.tcp->side(context.direction).delivered_end());
    return;
  }
  const decode::PacketView& packet = *context.packet;
  const bool has_packet = packet.origin != decode::PacketOrigin::kFlowTimeout;
  SignatureFlowState* const state = flow != nullptr ? &state_of(*flow) : nullptr;
  StreamScan* const scan = state != nullptr ? &state->sides[index_of(context.direction)] : nullptr;
  const ProtocolClass c = class_of(packet);
  // An ICMP error about a TCP flow hangs on that flow but is judged by the rules for ICMP.
  const bool own_group = scan != nullptr && c == class_of_protocol(flow->client.protocol);
  const bool to_server = context.direction == Direction::kToServer;
  const RuleGroup& group =
      own_group ? *scan->group
                : db_->group(c, context.direction, to_server ? packet.destination_port : packet.source_port,
                             to_server ? packet.source_port : packet.destination_port);
  matcher_.begin(context, state);
  if (has_packet) {
    add_packet_candidates(context, group, c == ProtocolClass::kTcp);
    if ((!packet.invalid || packet.is_ip()) && (scan == nullptr || !scan->ip_only_done)) {
      add_always(group.ip_only, true, false);
      add_always(group.ip_only_by_source.find(packet.source), true, false);
      add_always(group.ip_only_by_destination.find(packet.destination), true, false);
      if (scan != nullptr) scan->ip_only_done = true;
    }
  }
  stream::StreamSide* side = nullptr;
  if (context.stream_readable && context.tcp != nullptr && own_group && c == ProtocolClass::kTcp) {
    side = &context.tcp->side(context.direction);
    if (!is_due(context, *scan, *side)) side = nullptr;
    if (side != nullptr && flow->payload_inspection) add_stream_candidates(*scan, group, side->inspect_end());
  }
  if (context.flow_ends && context.tcp != nullptr && own_group &&
      has_more_to_say(*context.tcp, context.tcp->side(context.direction), *scan)) {
    add_always(group.at_flow_end, true, false);
  }
  matcher_.finish(context, scan, side);
  if (has_packet && matcher_.is_tagged()) context.events->emplace_back(event::PacketEvent{});
  if (side != nullptr) after_stream(*scan, *side);
}

// --- what others see ---

std::shared_ptr<const event::FlowMetadata> SignatureInspector::flow_metadata(const flow::Flow& flow) const {
  const auto* state = static_cast<const SignatureFlowState*>(flow.extension(flow::ExtensionSlot::kSignatures));
  if (state == nullptr) return nullptr;
  const FlowVariables& variables = state->variables;
  const VariableNames& names = state->db->names;
  event::FlowMetadata out;
  for (std::uint32_t bit = 0; bit < variables.bits.size() * 64; ++bit) {
    if (variables.bit(bit)) out.flowbits.push_back(names.flowbits.name(bit));
  }
  for (const auto& [id, value] : variables.ints) out.flowints.emplace_back(names.flowints.name(id), value);
  for (const auto& [id, text] : variables.captures) out.flowvars.emplace_back(names.captures.name(id), text);
  if (out.flowbits.empty() && out.flowints.empty() && out.flowvars.empty()) return nullptr;
  return std::make_shared<const event::FlowMetadata>(std::move(out));
}

void SignatureInspector::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& stats) const {
  const auto put = [&](const char* key, const Counter& value) { stats.emplace_back(key, value.value()); };
  const ScanCounters& scan = scanner_.counters();
  put("detect.scan.stream_bytes", scan.stream_bytes);
  put("detect.scan.packet_bytes", scan.packet_bytes);
  put("detect.scan.pattern_hits", scan.hits);
  put("detect.scan.errors", scan.errors);
  const MatcherCounters& match = matcher_.counters();
  put("detect.candidates", match.candidates);
  put("detect.evaluated", match.evaluated);
  put("detect.matches", match.matches);
  put("detect.threshold_forgotten", match.forgotten);
  put("detect.pending_dropped", match.pending_dropped);
  const PayloadCounters& payload = matcher_.payload_counters();
  put("detect.recursion_limit", payload.recursion_limit);
  put("detect.pcre_limit", payload.pcre_limit);
  put("detect.pcre_errors", payload.pcre_errors);
}

}  // namespace bulkhead::signatures
