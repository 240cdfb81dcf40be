#include "datapath/stream/tcp_state_machine.h"

#include <utility>

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;

OverlapPolicy policy_of(const StreamSettings& settings, const IpAddress& address) {
  for (const auto& [prefix, policy] : settings.host_os_policy) {
    if (prefix.contains(address)) return policy;
  }
  return settings.default_policy;
}

TcpStateMachine::TcpStateMachine(Context context, const decode::PacketView& packet, flow::Flow& flow,
                                 TcpSession& session, Direction direction, StreamUpdate& update)
    : context_(context),
      packet_(packet),
      tcp_(packet.tcp),
      flow_(flow),
      session_(session),
      s_(session.internal()),
      update_(update),
      direction_(direction),
      length_(static_cast<std::uint32_t>(packet.payload.size())),
      payload_(packet.payload) {}

bool TcpStateMachine::run(bool fresh) {
  if (!has(kAck) && tcp_.ack != 0) event(Event::pkt_broken_ack);
  update_.state_before = s_.state;
  if (fresh) return begin();
  if (s_.async && direction_ != s_.first_heard && s_.state >= State::kEstablished) s_.async = false;
  if (is_keep_alive()) return update_.keep_alive = true;
  update_.keep_alive_answer = is_keep_alive_answer();
  client().keep_alive = server().keep_alive = false;
  if (update_.keep_alive_answer) return true;
  update_.duplicate_ack = is_duplicate_ack();
  if (!is_shutdown_ack() && !is_window_update()) {
    if (is_bad_window_update()) return refuse(Event::pkt_bad_window_update);
    if (is_outdated_ack()) return true;
  }
  if (is_spurious_retransmission()) {
    event(Event::pkt_spurious_retransmission);
    update_.spurious = true;
    if (lies_before_window()) return true;
  }
  switch (s_.state) {
    case State::kNone: return begin();
    case State::kSynSent: return syn_sent();
    case State::kSynRecv: return syn_received();
    case State::kEstablished: return established();
    case State::kClosed: return closed();
    default: return closing_states();
  }
}

// What the flow says about its timeout follows the connection: established once the handshake is complete,
// closed when nothing more is expected.
void TcpStateMachine::set_state(State state) {
  if (state == s_.state) return;
  s_.state_before_rst = s_.state;
  s_.state = state;
  if (flow_.state == flow::FlowState::kBypassed) return;
  switch (state) {
    case State::kNone:
    case State::kSynSent:
    case State::kSynRecv: flow_.state = flow::FlowState::kNew; break;
    case State::kEstablished:
    case State::kFinWait1:
    case State::kFinWait2:
    case State::kClosing:
    case State::kCloseWait: flow_.state = flow::FlowState::kEstablished; break;
    case State::kLastAck:
    case State::kTimeWait:
    case State::kClosed: flow_.state = flow::FlowState::kClosed; break;
  }
}

TcpReassembler::Target TcpStateMachine::target(Direction d) {
  return {flow_, d, session_.side(d), end(d).data, end(d).policy};
}

void TcpStateMachine::acknowledge() {
  if (!has(kAck) || s_.async) return;  // one-sided: what is acknowledged was never to be seen
  TcpReassembler::Target t = target(opposite(direction_));
  context_.reassembler.acknowledge(t, receiver().last_ack, update_);
}

// The acknowledgment first: it may let the other side's data be judged with this packet.
void TcpStateMachine::reassemble() {
  acknowledge();
  TcpReassembler::Target t = target(direction_);
  if (has(kFin)) context_.reassembler.set_end(t, seq_end());
  if (!payload_.empty() && add_payload()) update_.in_stream = true;
  if (s_.async && has(kFin)) acknowledge_own();
}

// The payload into the stream, with or without its urgent byte.
bool TcpStateMachine::add_payload() {
  TcpReassembler::Target t = target(direction_);
  const StreamSettings& settings = context_.settings;
  UrgentPolicy policy = settings.urgent_policy;
  const bool urgent = has(decode::tcp_flag::kUrg) && tcp_.urgent != 0 && tcp_.urgent <= payload_.size();
  if (!urgent || policy == UrgentPolicy::kInline) return context_.reassembler.add(t, tcp_.seq, payload_, update_);
  Endpoint& from = sender();
  if (policy == UrgentPolicy::kOob && from.urgent_taken >= StreamSettings::kUrgentLimit) {
    event(Event::reassembly_urgent_oob_limit_reached);
    policy = settings.urgent_limit_policy;
  }
  if (policy == UrgentPolicy::kDrop && settings.judge_copies) {
    update_.urgent_drop = true;
    return false;
  }
  // Out of order nobody knows yet how much was taken out before: the byte stays.
  const bool take_out = policy == UrgentPolicy::kOob && context_.reassembler.continues(t, tcp_.seq);
  if (!take_out && policy != UrgentPolicy::kGap) return context_.reassembler.add(t, tcp_.seq, payload_, update_);
  const std::size_t before = tcp_.urgent - 1U;
  bool taken = false;
  if (before > 0) taken = context_.reassembler.add(t, tcp_.seq, payload_.first(before), update_);
  if (take_out) {
    ++t.data.base_seq;
    ++from.urgent_taken;
    context_.counters.urgent_taken_out.add();
  }
  const ByteSpan after = payload_.subspan(tcp_.urgent);
  if (!after.empty()) taken |= context_.reassembler.add(t, tcp_.seq + tcp_.urgent, after, update_);
  return taken || take_out;
}

// Only one side is captured: nobody acknowledges what it sends. Its end does, or the flow's.
void TcpStateMachine::acknowledge_own() {
  if (!to_server()) return;
  TcpReassembler::Target t = target(direction_);
  context_.reassembler.acknowledge(t, sender().last_ack, update_);
}

// A midstream SYN/ACK showed that the flow's client is its server.
void TcpStateMachine::swap_direction() {
  std::swap(flow_.client.source, flow_.client.destination);
  std::swap(flow_.client.source_port, flow_.client.destination_port);
  std::swap(flow_.counts[0], flow_.counts[1]);
  std::swap(flow_.seen_to_server, flow_.seen_to_client);
  direction_ = opposite(direction_);
  update_.direction_swapped = true;
}

}  // namespace bulkhead::stream
