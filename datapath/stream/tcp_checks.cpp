// The tests that several states share: acknowledgments, timestamps, windows, keep-alives, retransmissions.
#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

namespace {

constexpr std::int64_t kPawsIdleSeconds = 24 * 24 * 60 * 60;  // RFC 7323 5.5: after 24 days a timestamp says nothing

}  // namespace

// `acknowledged` is the other side: has it sent what this packet claims to have received?
bool TcpStateMachine::ack_is_valid(const Endpoint& acknowledged) {
  if (!has(kAck)) return true;
  const std::uint32_t ack = tcp_.ack;
  if (seq_ge(ack, acknowledged.last_ack) && seq_le(ack, acknowledged.next_win)) return true;
  if (s_.async) return true;
  if (s_.state > State::kSynSent && seq_gt(ack, acknowledged.next_win)) return refuse(Event::pkt_invalid_ack);
  // An old acknowledgment is harmless as long as it lies within the last window.
  if (s_.state > State::kSynRecv && seq_lt(ack, acknowledged.last_ack - acknowledged.window)) {
    return refuse(Event::pkt_invalid_ack);
  }
  return true;
}

// RFC 7323 5.3, as the systems differ (Novak and Sturges 2007, 5).
bool TcpStateMachine::timestamp_is_valid(Endpoint& from) {
  if (!from.timestamps || !tcp_.has_timestamps) return true;
  const std::uint32_t value = tcp_.ts_value;
  const std::int64_t second = packet_.raw->time.seconds();
  bool check = true;
  if (from.zero_timestamp && value != 0) {
    switch (from.policy) {
      case OverlapPolicy::kLinux:
      case OverlapPolicy::kWindows2k3:
        // These take the first timestamp that is not zero as the beginning.
        from.zero_timestamp = false;
        from.last_ts = value;
        check = false;
        break;
      case OverlapPolicy::kWindows:
      case OverlapPolicy::kOldLinux: check = false; break;
      default: break;
    }
  }
  if (from.policy == OverlapPolicy::kHpux11 && tcp_.seq != from.next_seq) check = false;
  if (!check) return true;
  std::int32_t age = static_cast<std::int32_t>(value - from.last_ts);
  if (from.policy == OverlapPolicy::kLinux) ++age;  // accepts one tick back
  if (from.last_ts == 0) age = 0;
  if (age >= 0) return true;
  if (from.last_ts_second != 0 && second - from.last_ts_second > kPawsIdleSeconds) {
    from.last_ts = value;
    from.last_ts_second = second;
    return true;
  }
  return refuse(Event::pkt_invalid_timestamp);
}

void TcpStateMachine::note_timestamp() {
  Endpoint& from = sender();
  if (!from.timestamps || !tcp_.has_timestamps) return;
  if (tcp_.seq == from.next_seq - length_ || seq_le(tcp_.seq, from.last_ack)) {
    if (static_cast<std::int32_t>(tcp_.ts_value - from.last_ts) >= 0 || from.last_ts == 0) from.last_ts = tcp_.ts_value;
    from.last_ts_second = packet_.raw->time.seconds();
  }
}

void TcpStateMachine::note_retransmission() {
  if (length_ == 0) return;
  const Endpoint& from = sender();
  const bool straddles_ack = seq_lt(tcp_.seq, from.last_ack) && seq_gt(seq_end(), from.last_ack);
  if (straddles_ack || seq_le(seq_end(), from.last_ack) || seq_le(seq_end(), from.next_seq)) {
    event(Event::pkt_retransmission);
  }
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

// The last acknowledgment of a connection whose end has been seen.
bool TcpStateMachine::is_shutdown_ack() const {
  if (s_.state != State::kTimeWait && s_.state != State::kCloseWait && s_.state != State::kLastAck) return false;
  if (length_ > 0 || has(kSyn | kFin | kRst)) return false;
  return tcp_.ack == receiver().next_seq + 1 && tcp_.seq == sender().next_seq;
}

}  // namespace bulkhead::stream
