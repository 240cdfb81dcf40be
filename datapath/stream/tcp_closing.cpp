// From the first FIN or a RST to the end, and what still comes after it.
#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

// Whether the host that gets the RST believes it: systems differ (RFC 5961 3; Novak and Sturges 2007).
bool TcpStateMachine::rst_is_valid() {
  Endpoint& from = sender();
  if (s_.timestamps && !timestamp_is_valid(from)) return false;
  if (s_.state == State::kSynSent) return !to_server() && has(kAck) && tcp_.ack == client().next_seq;
  if (has(kAck) && tcp_.ack != 0 && !ack_is_valid(receiver())) return refuse(Event::rst_invalid_ack);
  if (s_.async) return seq_ge(tcp_.seq, from.next_seq);
  switch (from.policy) {
    case OverlapPolicy::kHpux11: return seq_ge(tcp_.seq, from.next_seq);
    case OverlapPolicy::kOldLinux:
    case OverlapPolicy::kLinux:
    case OverlapPolicy::kSolaris:
    case OverlapPolicy::kOldSolaris:
      return seq_ge(seq_end(), from.last_ack) && seq_lt(tcp_.seq, from.next_seq + from.window);
    default: return tcp_.seq == from.next_seq;
  }
}

bool TcpStateMachine::handle_rst() {
  if (length_ > 0) event(Event::rst_with_data);
  if (!rst_is_valid()) return false;
  if (has(kAck)) raise_last_ack(receiver(), tcp_.ack);
  receiver().rst_received = true;
  session_.side(direction_).closed_ = true;
  context_.counters.rst.add();
  set_state(State::kClosed);
  acknowledge();
  return true;  // its payload belongs to no stream
}

bool TcpStateMachine::handle_fin() {
  Endpoint& from = sender();
  if (s_.timestamps && !timestamp_is_valid(from)) return false;
  if (!ack_is_valid(receiver())) return refuse(Event::fin_invalid_ack);
  if (seq_lt(tcp_.seq, from.last_ack) || seq_gt(tcp_.seq, from.last_ack + from.window)) {
    if (!s_.async && !s_.midstream) return refuse(Event::fin_out_of_window);
  }
  note_retransmission();
  if (seq_le(tcp_.seq, from.next_seq) && seq_ge(seq_end(), from.next_seq)) from.next_seq = seq_end();
  session_.side(direction_).closed_ = true;
  set_state(to_server() ? State::kCloseWait : State::kFinWait1);
  take_segment();
  return true;
}

bool TcpStateMachine::closing_states() {
  if (has(kRst)) return handle_rst();
  if (has(kSyn)) return refuse(Event::shutdown_syn_resend);
  if (s_.timestamps && !timestamp_is_valid(sender())) return false;
  switch (s_.state) {
    case State::kFinWait1: return fin_wait1();
    case State::kFinWait2: return fin_wait2();
    case State::kCloseWait: return close_wait();
    case State::kClosing: return closing();
    case State::kLastAck: return last_ack();
    case State::kTimeWait: return time_wait();
    default: return true;
  }
}

// A segment from the other end than the one that sent the last FIN: in the window, or refused.
bool TcpStateMachine::sequence_fits(StreamEvent otherwise) {
  const Endpoint& from = sender();
  if (s_.async) return true;
  if (seq_le(seq_end(), from.next_win) && seq_ge(seq_end(), from.last_ack)) return true;
  return refuse(otherwise);
}

// The server has sent a FIN; the client has not acknowledged it.
bool TcpStateMachine::fin_wait1() {
  if (!ack_is_valid(receiver())) return refuse(Event::fin1_invalid_ack);
  Endpoint& from = sender();
  if (has(kFin)) {
    if (!to_server()) {  // sent again
      note_retransmission();
      take_segment();
      return true;
    }
    if (seq_lt(tcp_.seq, from.last_ack) || seq_gt(tcp_.seq, from.last_ack + from.window)) {
      return refuse(Event::fin1_fin_wrong_seq);
    }
    note_retransmission();
    if (seq_le(tcp_.seq, from.next_seq) && seq_ge(seq_end(), from.next_seq)) from.next_seq = seq_end();
    session_.side(direction_).closed_ = true;
    set_state(tcp_.ack == server().next_seq + 1 ? State::kTimeWait : State::kClosing);
    take_segment();
    return true;
  }
  if (!sequence_fits(Event::fin1_ack_wrong_seq)) return false;
  note_retransmission();
  if (seq_le(tcp_.seq, from.next_seq) && seq_gt(seq_end(), from.next_seq)) from.next_seq = seq_end();
  if (to_server() && tcp_.ack == server().next_seq + 1) set_state(State::kFinWait2);
  take_segment();
  return true;
}

// The server's FIN is acknowledged; the client may still send.
bool TcpStateMachine::fin_wait2() {
  if (!ack_is_valid(receiver())) return refuse(Event::fin2_invalid_ack);
  Endpoint& from = sender();
  if (has(kFin) && to_server()) {
    if (seq_lt(tcp_.seq, from.last_ack) || seq_gt(tcp_.seq, from.last_ack + from.window)) {
      return refuse(Event::fin2_fin_wrong_seq);
    }
    note_retransmission();
    if (seq_le(tcp_.seq, from.next_seq) && seq_ge(seq_end(), from.next_seq)) from.next_seq = seq_end();
    session_.side(direction_).closed_ = true;
    set_state(State::kTimeWait);
    take_segment();
    return true;
  }
  if (!sequence_fits(Event::fin2_ack_wrong_seq)) return false;
  note_retransmission();
  if (seq_le(tcp_.seq, from.next_seq) && seq_gt(seq_end(), from.next_seq)) from.next_seq = seq_end();
  take_segment();
  return true;
}

// The client has sent a FIN; the server may still send.
bool TcpStateMachine::close_wait() {
  Endpoint& from = sender();
  if (has(kFin)) {
    if (!ack_is_valid(receiver())) return refuse(Event::closewait_invalid_ack);
    if (seq_lt(tcp_.seq, from.last_ack) || seq_gt(tcp_.seq, from.last_ack + from.window)) {
      return refuse(Event::closewait_fin_out_of_window);
    }
    note_retransmission();
    if (!to_server()) {
      if (seq_le(tcp_.seq, from.next_seq) && seq_ge(seq_end(), from.next_seq)) from.next_seq = seq_end();
      session_.side(direction_).closed_ = true;
      set_state(State::kLastAck);
    }
    take_segment();
    return true;
  }
  if (!ack_is_valid(receiver())) return refuse(Event::closewait_invalid_ack);
  if (!s_.async && length_ > 0 && seq_le(seq_end(), from.last_ack)) {
    note_retransmission();
    return refuse(Event::closewait_pkt_before_last_ack);
  }
  if (!s_.async && seq_gt(seq_end(), from.next_win)) return refuse(Event::closewait_ack_out_of_window);
  note_retransmission();
  if (seq_le(tcp_.seq, from.next_seq) && seq_gt(seq_end(), from.next_seq)) from.next_seq = seq_end();
  take_segment();
  return true;
}

// Both have sent a FIN, the client's is not acknowledged.
bool TcpStateMachine::closing() {
  if (tcp_.seq != sender().next_seq && tcp_.seq != sender().next_seq + 1) {
    note_retransmission();
    return refuse(Event::closing_ack_wrong_seq);
  }
  if (!ack_is_valid(receiver())) return refuse(Event::closing_invalid_ack);
  if (!to_server()) set_state(State::kTimeWait);
  take_segment();
  return true;
}

// The client's FIN was answered by the server's: only the client's ACK is missing.
bool TcpStateMachine::last_ack() {
  if (!ack_is_valid(receiver())) return refuse(Event::lastack_invalid_ack);
  if (has(kFin)) {
    take_segment();
    return true;
  }
  if (to_server()) {
    if (tcp_.seq != client().next_seq && tcp_.seq != client().next_seq + 1) {
      note_retransmission();
      return refuse(Event::lastack_ack_wrong_seq);
    }
    if (tcp_.ack == server().next_seq + 1) set_state(State::kClosed);
  }
  take_segment();
  return true;
}

bool TcpStateMachine::time_wait() {
  if (!ack_is_valid(receiver())) return refuse(Event::timewait_invalid_ack);
  if (tcp_.seq != sender().next_seq && tcp_.seq != sender().next_seq + 1) {
    note_retransmission();
    return refuse(Event::timewait_ack_wrong_seq);
  }
  if (!has(kFin)) set_state(State::kClosed);
  take_segment();
  return true;
}

// After the end. A host that goes on although it got a RST has not believed it.
bool TcpStateMachine::closed() {
  if (has(kRst)) return true;
  if (!sender().rst_received || s_.state_before_rst == State::kClosed) return true;
  const State before = s_.state_before_rst;
  set_state(before);
  bool accepted = true;
  switch (before) {
    case State::kSynSent: accepted = syn_sent(); break;
    case State::kSynRecv: accepted = syn_received(); break;
    case State::kEstablished: accepted = established(); break;
    default: accepted = closing_states(); break;
  }
  if (!accepted) {
    set_state(State::kClosed);
    s_.state_before_rst = before;
    return false;
  }
  sender().rst_received = false;
  session_.side(opposite(direction_)).closed_ = false;
  event(Event::suspected_rst_inject);
  return true;
}

}  // namespace bulkhead::stream
