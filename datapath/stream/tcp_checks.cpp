// The tests that several states share: acknowledgments, timestamps, windows, keep-alives, retransmissions.
#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

namespace {

constexpr std::int64_t kPawsIdleSeconds = 24 * 24 * 60 * 60;  // RFC 7323 5.5: after 24 days a timestamp says nothing

bool takes_first_timestamp_at_once(OverlapPolicy policy) {
  switch (policy) {
    case OverlapPolicy::kBsd:
    case OverlapPolicy::kBsdRight:
    case OverlapPolicy::kHpux10:
    case OverlapPolicy::kHpux11:
    case OverlapPolicy::kIrix:
    case OverlapPolicy::kMacos: return true;
    default: return false;
  }
}

}  // namespace

// `acknowledged` is the other side: has it sent what this packet claims to have received?
bool TcpStateMachine::ack_is_valid(const Endpoint& acknowledged) {
  if (!has(kAck)) return true;
  const std::uint32_t ack = tcp_.ack;
  if (seq_ge(ack, acknowledged.last_ack) && seq_le(ack, acknowledged.next_win)) return true;
  if (s_.async) return true;
  if (s_.state > State::kSynSent && seq_gt(ack, acknowledged.next_win)) return refuse(Event::pkt_invalid_ack);
  // An old acknowledgment is harmless as long as it lies within the last window.
  if (s_.state > State::kSynRecv && acknowledged.window > 0 &&
      seq_lt(ack, acknowledged.last_ack - acknowledged.window)) {
    return refuse(Event::pkt_invalid_ack);
  }
  return true;
}

// RFC 7323 5.3 with one tick of tolerance. Systems differ in what they make of a peer that began with
// timestamp 0 (measured against Suricata 7 for each policy).
bool TcpStateMachine::timestamp_is_valid(Endpoint& from) {
  if (!from.timestamps || !tcp_.has_timestamps) return true;
  const OverlapPolicy policy = from.policy;
  const std::uint32_t value = tcp_.ts_value;
  if (from.zero_timestamp && (policy == OverlapPolicy::kLinux || policy == OverlapPolicy::kWindows2k3)) return true;
  if (policy == OverlapPolicy::kHpux11 && tcp_.seq != from.next_seq) return true;
  const std::int64_t second = packet_.raw->time.seconds();
  if (static_cast<std::int32_t>(value - from.last_ts + 1) < 0) {
    if (from.last_ts_second == 0 || second - from.last_ts_second <= kPawsIdleSeconds) {
      event(Event::pkt_invalid_timestamp);
      if (from.last_ts != 0) return false;
      return true;  // odd, but there is no timestamp yet to be older than
    }
    from.last_ts = value;
    from.last_ts_second = second;
  }
  if (from.zero_timestamp && value != 0 && takes_first_timestamp_at_once(policy)) from.last_ts = value;
  return true;
}

// Only a segment without payload moves the last timestamp on: next_seq is behind payload already.
void TcpStateMachine::note_timestamp() {
  Endpoint& from = sender();
  if (!from.timestamps || !tcp_.has_timestamps || tcp_.seq != from.next_seq) return;
  from.last_ts = tcp_.ts_value;
  from.last_ts_second = packet_.raw->time.seconds();
}

bool TcpStateMachine::note_retransmission() {
  if (length_ == 0) return false;
  const Endpoint& from = sender();
  const bool straddles_ack = seq_lt(tcp_.seq, from.last_ack) && seq_gt(seq_end(), from.last_ack);
  const bool again = straddles_ack || seq_le(seq_end(), from.last_ack) || seq_le(seq_end(), from.next_seq);
  if (again) event(Event::pkt_retransmission);
  return again;
}

bool TcpStateMachine::is_keep_alive() {
  if (has(kSyn | kFin | kRst) || length_ > 1 || !has(kAck)) return false;
  if (tcp_.ack != receiver().last_ack || tcp_.seq != sender().next_seq - 1) return false;
  sender().keep_alive = true;
  return true;
}

bool TcpStateMachine::is_keep_alive_answer() {
  if (!receiver().keep_alive || length_ > 0 || has(kSyn | kFin | kRst) || tcp_.window == 0) return false;
  return granted(receiver()) == receiver().window && tcp_.ack == receiver().last_ack && tcp_.seq == sender().next_seq;
}

// Says again what it has said (RFC 5681 2): the peer's data arrives out of order, or nothing happens at all.
bool TcpStateMachine::is_duplicate_ack() const {
  if (s_.state < State::kEstablished || length_ > 0 || has(kSyn | kFin | kRst) || !has(kAck)) return false;
  return granted(receiver()) == receiver().window && tcp_.ack == receiver().last_ack && tcp_.seq == sender().next_seq;
}

bool TcpStateMachine::is_window_update() const {
  if (s_.state < State::kEstablished || length_ > 0 || has(kSyn | kFin | kRst)) return false;
  return granted(receiver()) != receiver().window && tcp_.ack == receiver().last_ack && tcp_.seq == sender().next_seq;
}

bool TcpStateMachine::is_bad_window_update() {
  if (s_.state < State::kEstablished || s_.state == State::kClosed || has(kSyn | kFin | kRst)) return false;
  const std::uint32_t window = granted(receiver());
  return window < receiver().window && receiver().window - window > length_ && seq_gt(tcp_.ack, receiver().next_seq) &&
         seq_gt(tcp_.seq, sender().next_seq);
}

bool TcpStateMachine::is_outdated_ack() const {
  if (s_.state < State::kEstablished || length_ > 0 || has(kSyn | kFin | kRst) || !has(kAck)) return false;
  return tcp_.seq == sender().next_seq && seq_lt(tcp_.ack, receiver().last_ack);
}

// All of it was acknowledged before: the receiver answers and forgets it.
bool TcpStateMachine::is_spurious_retransmission() const {
  return length_ > 0 && s_.state >= State::kSynRecv && !has(kSyn) && seq_le(seq_end(), sender().last_ack);
}

// Nothing is kept any more that the payload could be compared with.
bool TcpStateMachine::lies_before_window() const {
  const std::uint64_t judged = session_.side(direction_).inspect_end();
  const std::uint64_t look_back = context_.settings.look_back_bytes;
  const auto kept = static_cast<std::uint32_t>(judged > look_back ? judged - look_back : 0);
  return seq_le(seq_end(), sender().data.base_seq + kept);
}

// The last acknowledgment of a connection whose end has been seen.
bool TcpStateMachine::is_shutdown_ack() const {
  if (s_.state != State::kTimeWait && s_.state != State::kCloseWait && s_.state != State::kLastAck) return false;
  if (length_ > 0 || has(kSyn | kFin | kRst)) return false;
  return tcp_.ack == receiver().next_seq + 1 && (tcp_.seq == sender().next_seq || tcp_.seq == sender().next_seq + 1);
}

}  // namespace bulkhead::stream
