#include "signatures/match/matcher.h"

#include <algorithm>

#include "datapath/base/text_hash.h"

namespace bulkhead::signatures {
namespace {

using pipeline::RuleAction;

bool family_fits(RuleProtocol protocol, const decode::PacketView& packet) {
  if (protocol == RuleProtocol::kIpv4) return packet.family == IpFamily::kV4;
  if (protocol == RuleProtocol::kIpv6) return packet.family == IpFamily::kV6;
  return true;
}

bool contains(const AddressSet& set, const IpAddress& address) {
  return set.any || (address.is_set() && set.contains(address));
}

bool flowbit_fits(const FlowbitOp& op, const FlowVariables& variables) {
  const bool any = std::any_of(op.bits.begin(), op.bits.end(), [&](std::uint32_t bit) { return variables.bit(bit); });
  return op.command == FlowbitOp::Command::kIsNotSet ? !any : any;
}

std::uint32_t flowint_operand(const FlowintOp& op, const FlowVariables& variables) {
  if (!op.value_variable) return op.value;
  const std::uint32_t* other = variables.integer(*op.value_variable);
  return other != nullptr ? *other : 0;
}

bool flowint_fits(const FlowintOp& op, const FlowVariables& variables) {
  const std::uint32_t* value = variables.integer(op.variable);
  if (op.command == FlowintOp::Command::kIsSet) return value != nullptr;
  if (op.command == FlowintOp::Command::kNotSet) return value == nullptr;
  if (value == nullptr) return false;
  const std::uint32_t other = flowint_operand(op, variables);
  switch (op.command) {
    case FlowintOp::Command::kLess: return *value < other;
    case FlowintOp::Command::kLessEqual: return *value <= other;
    case FlowintOp::Command::kEqual: return *value == other;
    case FlowintOp::Command::kNotEqual: return *value != other;
    case FlowintOp::Command::kGreaterEqual: return *value >= other;
    case FlowintOp::Command::kGreater: return *value > other;
    default: return true;
  }
}

void set_integer(FlowVariables& variables, std::uint32_t id, std::uint32_t value) {
  for (auto& [name, old] : variables.ints) {
    if (name == id) {
      old = value;
      return;
    }
  }
  variables.ints.emplace_back(id, value);
}

void change_flowint(const FlowintOp& op, FlowVariables& variables) {
  const std::uint32_t operand = flowint_operand(op, variables);
  const std::uint32_t* value = variables.integer(op.variable);
  switch (op.command) {
    case FlowintOp::Command::kSet: set_integer(variables, op.variable, operand); break;
    case FlowintOp::Command::kAdd:
      set_integer(variables, op.variable, (value != nullptr ? *value : 0) + operand);
      break;
    case FlowintOp::Command::kSubtract:
      if (value != nullptr) set_integer(variables, op.variable, *value - operand);
      break;
    default: break;
  }
}

void change_flowbit(const FlowbitOp& op, FlowVariables& variables) {
  for (const std::uint32_t bit : op.bits) {
    switch (op.command) {
      case FlowbitOp::Command::kSet: variables.set_bit(bit, true); break;
      case FlowbitOp::Command::kUnset: variables.set_bit(bit, false); break;
      case FlowbitOp::Command::kToggle: variables.set_bit(bit, !variables.bit(bit)); break;
      default: break;
    }
  }
}

void set_capture(std::vector<std::pair<std::uint32_t, std::string>>& captures, std::uint32_t id, ByteSpan bytes) {
  std::string text(bytes.begin(), bytes.end());
  for (auto& [name, old] : captures) {
    if (name == id) {
      old = std::move(text);
      return;
    }
  }
  captures.emplace_back(id, std::move(text));
}

ByteSpan address_bytes(const IpAddress& a) {
  return ByteSpan(a.bytes()).first(a.size());
}

// The fixed part and what the type adds to it (RFC 792, 950, 1256), within what was captured.
std::size_t icmp_header_length(const decode::PacketView& p) {
  const std::size_t there = static_cast<std::size_t>(p.l4_header_length) + p.payload.size();
  std::size_t length = 8;
  switch (p.icmp_type) {
    case 9: length = there >= 8 ? 8 + std::size_t{p.l4_header[4]} * p.l4_header[5] * 4 : 8; break;
    case 13:
    case 14: length = 20; break;
    case 17:
    case 18: length = 12; break;
    default: break;
  }
  return std::min(length, there);
}

// Empty: the packet has no such header.
ByteSpan packet_buffer(const decode::PacketView& p, BufferId buffer) {
  const auto header = [](const Byte* begin, std::size_t length, bool there) {
    return there && begin != nullptr ? ByteSpan(begin, length) : ByteSpan();
  };
  switch (buffer) {
    case BufferId::kIpv4Header: return header(p.ip_header, p.ip_header_length, p.family == IpFamily::kV4);
    case BufferId::kIpv6Header: return header(p.ip_header, p.ip_header_length, p.family == IpFamily::kV6);
    case BufferId::kTcpHeader: return header(p.l4_header, p.l4_header_length, p.has_tcp);
    case BufferId::kUdpHeader: return header(p.l4_header, p.l4_header_length, p.has_udp);
    case BufferId::kIcmpv4Header: return header(p.l4_header, p.has_icmp ? icmp_header_length(p) : 0, p.has_icmp);
    case BufferId::kIcmpv6Header: return header(p.l4_header, p.l4_header_length, p.has_icmpv6);
    case BufferId::kSourceAddress: return address_bytes(p.source);
    case BufferId::kDestinationAddress: return address_bytes(p.destination);
    default: return {};
  }
}

}  // namespace

Matcher::Matcher(SignatureDbPtr db, const MatchSettings& settings, std::shared_ptr<SharedState> shared)
    : db_(std::move(db)),
      settings_(settings),
      shared_(std::move(shared)),
      use_(shared_->rule_use.open(*db_)),
      payload_(db_, settings.limits) {
  for (std::uint32_t i = 0; i < db_->names.host_bits.size(); ++i)
    host_bit_names_.push_back(text_hash(db_->names.host_bits.name(i)));
  candidates_.reserve(256);
  matches_.reserve(64);
}

void Matcher::begin(const pipeline::InspectContext& context, SignatureFlowState* state) {
  const decode::PacketView& packet = *context.packet;
  context_ = &context;
  state_ = state;
  candidates_.clear();
  matches_.clear();
  pair_bit_rules_.clear();
  packet_captures_.clear();
  source_port_ = packet.source_port;
  destination_port_ = packet.destination_port;
  input_ = MatchInput{};
  input_.packet = &packet;
  input_.flow = context.flow;
  input_.tcp = context.tcp;
  input_.stream_events = context.stream != nullptr ? &context.stream->events : nullptr;
  input_.application = context.application;
  input_.direction = context.direction;
  input_.established = context.established;
  input_.payload_in_stream = context.payload_in_stream;
  input_.variables = state != nullptr ? &state->variables : nullptr;
  input_.packet_captures = &packet_captures_;
  input_.now = context.now;

  payload_.use({context.gate, context.packet_number});
  facts_ = packet.payload.empty() ? 0 : fact::kPayload;
  if (context.flow == nullptr) return;  // counts as sent to a server, and as neither established nor not
  facts_ |= fact::kFlow;
  facts_ |= context.direction == bulkhead::Direction::kToServer ? fact::kToServer : fact::kToClient;
  if (context.established) facts_ |= fact::kEstablished;
  // A rule of this very packet may set a bit for a later one, so only the absence of a place for bits is final.
  if (state != nullptr) facts_ |= fact::kFlowbits;
}

void Matcher::sort_candidates() {
  if (candidates_.size() < 2) return;
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.rule < b.rule; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < candidates_.size(); ++i) {
    Candidate& last = candidates_[kept];
    const Candidate& next = candidates_[i];
    if (next.rule != last.rule) {
      candidates_[++kept] = next;
      continue;
    }
    last.on_packet |= next.on_packet;
    last.on_stream |= next.on_stream;
    if (!next.has_hit) continue;
    last.begin = last.has_hit ? std::min(last.begin, next.begin) : next.begin;
    last.end = last.has_hit ? std::max(last.end, next.end) : next.end;
    last.has_hit = true;
  }
  candidates_.resize(kept + 1);
}

void Matcher::finish(pipeline::InspectContext& context, StreamScan* scan, const stream::StreamSide* side) {
  scan_ = scan;
  side_ = side;
  if (side != nullptr) facts_ |= fact::kPayload;
  sort_candidates();
  counters_.candidates.add(candidates_.size());
  use_->packets.add();
  timed_ = use_->packets.value() % RuleUseLane::kSampled == 0;
  for (const Candidate& candidate : candidates_) measured(candidate.rule, [&] { judge(candidate); });
  if (context.application != nullptr && context.flow != nullptr) {
    judge_transactions();
    // Of one rule the newest transaction comes first, as in Suricata; a match without one comes last.
    std::stable_sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) {
      return a.rule != b.rule ? a.rule < b.rule : a.tx_id > b.tx_id;
    });
  }
  if (!matches_.empty()) report(context);
  if (!pair_bit_rules_.empty()) apply_pair_bits();
}

void Matcher::judge(const Candidate& candidate) {
  const CompiledRule& rule = db_->rules[candidate.rule];
  const Signature& s = *rule.signature;
  if (!fits(candidate.rule) || !header_fits(s) || !flow_fits(s) || !variables_fit(s)) return;
  counters_.evaluated.add();
  use_->rules[candidate.rule].checks.add();
  for (const PacketConditionPtr& condition : s.conditions) {
    if (!condition->holds(input_)) return;
  }
  Match match;
  match.rule = candidate.rule;
  payload_.begin(rule);
  if (!packet_buffers_fit(rule)) return;
  if (!rule.programs.empty()) {
    const Payload found = payload_fits(rule, candidate, match);
    match.on_stream = found == Payload::kStream;
    if (found == Payload::kNo) return;
  }
  if (!s.hostbit_checks.empty() && !host_bits_fit(s)) return;
  counters_.matches.add();
  use_->rules[candidate.rule].matches.add();
  if (s.logging_off != Signature::LoggingOff::kNo) switch_logging_off(s, nullptr);
  if (match.on_stream) remember_fired(candidate.rule);
  change_variables(s, candidate.rule);
  name_transaction(s, match);
  matches_.push_back(match);
}

// A rule of a protocol that looked at a datagram alone: the alert shows the transaction that the datagram began.
void Matcher::name_transaction(const Signature& s, Match& match) const {
  if (!s.app_protocols.any() || !input_.packet->has_udp) return;
  if (input_.application == nullptr || input_.application->parser == nullptr) return;
  const app::AppParser& parser = *input_.application->parser;
  match.tx_of_packet = true;
  match.tx_id = parser.transactions_made();
  for (const auto& tx : parser.transactions()) {
    if (tx->inspected[index_of(context_->direction)]) continue;
    match.tx_id = tx->id;
    return;
  }
}

// --- header, flow, state ---

bool Matcher::ends_fit(const Signature& s, bool swapped) const {
  const decode::PacketView& packet = *input_.packet;
  const PortSet& source_ports = swapped ? s.destination_ports : s.source_ports;
  const PortSet& destination_ports = swapped ? s.source_ports : s.destination_ports;
  const bool ports_fit = has_ports(packet.protocol) && !packet.is_fragment
                             ? source_ports.contains(source_port_) && destination_ports.contains(destination_port_)
                             : source_ports.any && destination_ports.any;
  return ports_fit && contains(swapped ? s.destination : s.source, packet.source) &&
         contains(swapped ? s.source : s.destination, packet.destination);
}

bool Matcher::header_fits(const Signature& s) const {
  if (!family_fits(s.protocol, *input_.packet)) return false;
  if (s.app_protocols.any()) {
    const bool known = knows_application() && app::is_known(input_.application->protocol);
    const bool fits = known && s.app_protocols[app::index_of(input_.application->protocol)];
    if (!fits && !s.inspects_transactions) return false;
  }
  return ends_fit(s, false) || (s.bidirectional && ends_fit(s, true));
}

// A rule with `<>` between two different ends is two rules, one for each way: a packet that both fit is reported twice.
bool Matcher::fits_both_ways(const Signature& s) const {
  if (!s.bidirectional) return false;
  const auto same_range = [](const IpRange& a, const IpRange& b) { return a.first == b.first && a.last == b.last; };
  const auto same = [&](const SharedList<IpRange>& a, const SharedList<IpRange>& b) {
    return a.is(b) || std::equal(a.begin(), a.end(), b.begin(), b.end(), same_range);
  };
  const bool one_rule = s.source.any == s.destination.any && same(s.source.v4, s.destination.v4) &&
                        same(s.source.v6, s.destination.v6) && s.source_ports.any == s.destination_ports.any &&
                        s.source_ports.ranges == s.destination_ports.ranges;
  return !one_rule && ends_fit(s, false) && ends_fit(s, true);
}

// As in Suricata: the protocol counts from the first packet on that belongs to an established connection, not with the
// one that completes the handshake (where data of a SYN is judged).
bool Matcher::knows_application() const {
  if (input_.application == nullptr) return false;
  if (context_->tcp == nullptr) return true;
  const bool shakes_hands =
      context_->stream != nullptr && (context_->stream->state_before == flow::TcpState::kSynSent ||
                                      context_->stream->state_before == flow::TcpState::kSynRecv);
  return input_.established && !shakes_hands;
}

bool Matcher::flow_fits(const Signature& s) const {
  const bool reassembled = input_.packet->origin == decode::PacketOrigin::kDefragment;
  return !(s.flow.only_fragment && !reassembled) && !(s.flow.no_fragment && reassembled);
}

bool Matcher::variables_fit(const Signature& s) const {
  if (s.flowbit_checks.empty() && s.flowint_checks.empty()) return true;
  if (input_.variables == nullptr) return false;
  const FlowVariables& variables = *input_.variables;
  return std::all_of(s.flowbit_checks.begin(), s.flowbit_checks.end(),
                     [&](const FlowbitOp& op) { return flowbit_fits(op, variables); }) &&
         std::all_of(s.flowint_checks.begin(), s.flowint_checks.end(),
                     [&](const FlowintOp& op) { return flowint_fits(op, variables); });
}

bool Matcher::host_bits_fit(const Signature& s) {
  const auto lock = context_->gate->enter(context_->packet_number);
  const decode::PacketView& packet = *input_.packet;
  return std::all_of(s.hostbit_checks.begin(), s.hostbit_checks.end(), [&](const HostbitOp& op) {
    return shared_->host_bits.holds(op, host_bit_names_[op.bit], packet.source, packet.destination, input_.now);
  });
}

void Matcher::change_variables(const Signature& s, std::uint32_t rule) {
  if (input_.variables != nullptr) {
    for (const FlowbitOp& op : s.flowbit_changes) change_flowbit(op, *input_.variables);
    for (const FlowintOp& op : s.flowint_changes) change_flowint(op, *input_.variables);
  }
  for (const auto& [capture, bytes] : payload_.captures()) {
    if (capture->scope == 'p') set_capture(packet_captures_, capture->variable, bytes);
    if (capture->scope == 'f' && input_.variables != nullptr)
      set_capture(input_.variables->captures, capture->variable, bytes);
  }
  if (s.hostbit_changes.empty()) return;
  const auto lock = context_->gate->enter(context_->packet_number);
  const decode::PacketView& packet = *input_.packet;
  bool pair = false;
  for (const HostbitOp& op : s.hostbit_changes) {
    if (op.track == HostbitOp::Track::kPair) {
      pair = true;
    } else {
      shared_->host_bits.change(op, host_bit_names_[op.bit], packet.source, packet.destination, input_.now);
    }
  }
  if (pair) pair_bit_rules_.push_back(rule);
}

// Bits of a pair of hosts take effect after all rules have seen the packet.
void Matcher::apply_pair_bits() {
  const auto lock = context_->gate->enter(context_->packet_number);
  const decode::PacketView& packet = *input_.packet;
  for (const std::uint32_t rule : pair_bit_rules_) {
    for (const HostbitOp& op : db_->signatures[rule].hostbit_changes) {
      if (op.track != HostbitOp::Track::kPair) continue;
      shared_->host_bits.change(op, host_bit_names_[op.bit], packet.source, packet.destination, input_.now);
    }
  }
}

// Records are written of transactions that nobody has marked as written.
void Matcher::switch_logging_off(const Signature& s, app::Transaction* tx) {
  const bool one = s.logging_off == Signature::LoggingOff::kTransaction && tx != nullptr;
  if (one) tx->logged = true;
  if (s.logging_off == Signature::LoggingOff::kFlow && state_ != nullptr) state_->logging_off = true;
  if (!one && context_->application != nullptr && context_->application->parser != nullptr) {
    for (const auto& each : context_->application->parser->transactions()) each->logged = true;
  }
}

// --- tags ---

void Matcher::start_tags(const Signature& s) {
  const std::uint64_t rule = std::uint64_t{s.info->gid} << 32 | s.info->sid;
  for (const TagSpec& tag : s.tags) {
    if (!tag.host) {
      if (state_ != nullptr) state_->tags.add(tag, rule, input_.now);
      continue;
    }
    const auto lock = context_->gate->enter(context_->packet_number);
    const IpAddress& host = tag.by_source ? input_.packet->source : input_.packet->destination;
    if (host.is_set()) shared_->host_tags.add(host, tag, rule, input_.now);
  }
}

bool Matcher::is_tagged() {
  const decode::PacketView& packet = *input_.packet;
  const std::uint32_t bytes = packet.raw != nullptr ? packet.raw->wire_length : 0;
  bool tagged = state_ != nullptr && !state_->tags.empty() && state_->tags.take_packet(input_.now, bytes);
  if (!db_->has_host_tags || !packet.is_ip()) return tagged;
  const auto lock = context_->gate->enter(context_->packet_number);
  tagged |= shared_->host_tags.take_packet(packet.source, input_.now, bytes);
  tagged |= shared_->host_tags.take_packet(packet.destination, input_.now, bytes);
  return tagged;
}

// --- payload ---

bool Matcher::packet_buffers_fit(const CompiledRule& rule) {
  return std::all_of(rule.packet_programs.begin(), rule.packet_programs.end(), [&](const PayloadProgram& program) {
    const ByteSpan bytes = packet_buffer(*input_.packet, program.buffer);
    return !bytes.empty() && payload_.matches(program, {bytes, 0, true});
  });
}

Matcher::Payload Matcher::payload_fits(const CompiledRule& rule, const Candidate& candidate, Match& match) {
  if (candidate.on_stream && stream_fits(rule, candidate, match)) return Payload::kStream;
  if (candidate.on_packet && !input_.packet->payload.empty()) {
    if (payload_.matches(rule, {input_.packet->payload, 0, true})) return Payload::kPacket;
  }
  if (candidate.on_stream && candidate.has_hit && !rule.whole_pattern) keep_pending(candidate);
  return Payload::kNo;
}

bool Matcher::try_stream(const CompiledRule& rule, std::uint64_t from, bool line_start, Match& match) {
  const std::uint64_t begin = side_->window_begin(), end = side_->inspect_end();
  const ByteSpan bytes = side_->window().subspan(from - begin, end - from);
  match.begin = from;
  match.end = end;
  return payload_.matches(rule, {bytes, from, line_start});
}

bool Matcher::stream_fits(const CompiledRule& rule, const Candidate& candidate, Match& match) {
  const std::uint64_t oldest = side_->window_begin(), end = side_->inspect_end();
  if (end <= oldest || end - oldest > side_->window().size()) return false;
  const std::uint64_t fresh = std::clamp(scan_->judged_end, oldest, end);
  const bool hit_is_fresh = !candidate.has_hit || candidate.begin >= fresh;
  if (hit_is_fresh && fresh < end && try_stream(rule, fresh, true, match)) return true;
  if (!candidate.has_hit || fresh == oldest) return !hit_is_fresh && try_stream(rule, oldest, oldest == 0, match);
  std::uint64_t from = oldest;
  for (const FiredRule& fired : scan_->fired) {
    if (fired.rule == candidate.rule) from = std::max(oldest, std::min(fired.end, candidate.begin));
  }
  if (from == fresh && hit_is_fresh) return false;
  return try_stream(rule, from, from == 0, match);
}

void Matcher::keep_pending(const Candidate& candidate) {
  if (side_->inspect_end() >= candidate.end + settings_.retry_bytes) return;
  if (scan_->pending.size() >= settings_.max_pending) {
    counters_.pending_dropped.add();
    return;
  }
  scan_->pending.push_back({candidate.rule, candidate.begin, candidate.end});
}

void Matcher::remember_fired(std::uint32_t rule) {
  const std::uint64_t end = side_->inspect_end();
  for (FiredRule& fired : scan_->fired) {
    if (fired.rule == rule) {
      fired.end = end;
      return;
    }
  }
  if (scan_->fired.size() >= settings_.max_pending) scan_->fired.erase(scan_->fired.begin());
  scan_->fired.push_back({rule, end});
}

// --- report ---

ThresholdDecision Matcher::threshold(const pipeline::InspectContext& context, const CompiledRule& rule) {
  const Signature& s = *rule.signature;
  if (!s.threshold && !s.detection_filter && s.external_thresholds.empty()) return {};
  const auto lock = context.gate->enter(context.packet_number);
  return shared_->thresholds.decide(s, context.packet->source, context.packet->destination, context.now);
}

// False: a pass rule, nothing after it counts.
bool Matcher::report_one(pipeline::InspectContext& context, const Match& match, std::uint32_t& places) {
  const CompiledRule& rule = db_->rules[match.rule];
  const Signature& s = *rule.signature;
  const bool unreported = s.no_alert || (s.action == RuleAction::kPass && !s.force_alert);
  const bool no_place = !unreported && places == 0;
  if (no_place) ++*context.alert_queue_overflow;
  if (no_place && s.action == RuleAction::kAlert) return true;
  if (!unreported && !no_place) --places;
  const ThresholdDecision decision = threshold(context, rule);
  if (decision.verdict == ThresholdVerdict::kForget) {
    counters_.forgotten.add();
    return true;
  }
  pipeline::Alert alert;
  alert.signature = s.info;
  alert.action = s.action;
  alert.reject = s.reject;
  const bool becomes_pass = decision.has_new_action && decision.new_action == RuleAction::kPass && !s.force_alert;
  alert.silent = unreported || no_place || becomes_pass || decision.verdict == ThresholdVerdict::kSilent;
  alert.on_stream = match.on_stream;
  alert.tx_id = match.tx_id;
  alert.stream_begin = match.begin;
  alert.stream_end = match.end;
  alert.target = s.target;
  if (decision.has_new_action) {
    alert.action = decision.new_action;
    if (alert.action == RuleAction::kDrop || alert.action == RuleAction::kReject)
      alert.drop_reason = pipeline::DropReason::kThreshold;
    if (alert.action == RuleAction::kReject && alert.reject == pipeline::RejectTarget::kNone) {
      alert.reject = pipeline::RejectTarget::kSource;
    }
  }
  alert.applies_to_flow = alert.action != RuleAction::kAlert &&
                          (match.on_stream || (match.tx_id && !match.tx_of_packet) || rule.acts_on_flow);
  if (!s.tags.empty()) start_tags(s);
  if (s.bypass && context.flow != nullptr) context.flow->state = flow::FlowState::kBypassed;
  if (!alert.silent || alert.action != RuleAction::kAlert) context.alerts->push_back(alert);
  return alert.action != RuleAction::kPass;
}

void Matcher::report(pipeline::InspectContext& context) {
  std::uint32_t places = settings_.packet_alert_max;
  for (const Match& match : matches_) {
    const int times = fits_both_ways(*db_->rules[match.rule].signature) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      if (!report_one(context, match, places)) return;
    }
  }
}

}  // namespace bulkhead::signatures
