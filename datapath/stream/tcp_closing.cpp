// From the first FIN or a RST to the end, and what still comes after it.
#include <algorithm>

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

namespace {

constexpr Byte kOptionMd5 = 19, kOptionAo = 29;  // RFC 2385, 5925
constexpr std::size_t kMd5Length = 18, kFixedHeader = 20;

// Signed: a host that knows no key for the connection ignores the segment, so a RST that carries a signature ends
// nothing for it. Whoever forges such a RST wants those who watch to believe in an end.
bool is_signed(const decode::PacketView& packet) {
  if (packet.l4_header == nullptr) return false;
  ByteSpan options{packet.l4_header, packet.l4_header_length};
  options = options.subspan(std::min(options.size(), kFixedHeader));
  while (!options.empty() && options[0] != 0) {
    if (options[0] == 1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
    if ((options[0] == kOptionMd5 && options[1] == kMd5Length) || options[0] == kOptionAo) return true;
    options = options.subspan(options[1]);
  }
  return false;
}

}  // namespace

bool TcpStateMachine::handle_rst() {
  if (length_ > 0) event(Event::rst_with_data);
  if (s_.state == State::kSynSent && to_server()) return true;  // means nothing to a server that has not answered
  if (!rst_is_valid()) return false;
  if (has(kAck)) raise_last_ack(receiver(), tcp_.ack);
  // A SYN refused by its server: if that server goes on, the RST was not its own.
  if ((s_.state == State::kSynSent && !to_server()) || is_signed(packet_)) sender().refused = true;
  session_.side(direction_).closed_ = true;
  set_state(State::kClosed);
  acknowledge();
  if (s_.async) acknowledge_own();
  return true;  // its payload belongs to no stream
}

bool TcpStateMachine::handle_fin() {
  Endpoint& from = sender();
  if (s_.timestamps && !timestamp_is_valid(from)) return false;
  if (!ack_is_valid(receiver())) return refuse(Event::fin_invalid_ack);
  if (!fin_in_window()) return refuse(Event::fin_out_of_window);
  from.next_seq = to_server() ? seq_end() : seq_end() + 1;
  session_.side(direction_).closed_ = true;
  set_state(to_server() ? State::kCloseWait : State::kFinWait1);
  take_closing_segment();
  return true;
}

// As take_segment(), but no further data is expected from the side whose FIN is acknowledged.
void TcpStateMachine::take_closing_segment() {
  Endpoint& to = receiver();
  if (has(kAck)) {
    to.window = granted(to);
    raise_last_ack(to, tcp_.ack);
    raise_next_seq(to, tcp_.ack);
  }
  if (s_.async) raise_last_ack(sender(), seq_end());
  note_timestamp();
  reassemble();
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
  if (has(kFin)) {
    if (!fin_in_window()) return refuse(Event::fin1_fin_wrong_seq);
    note_retransmission();
    const bool again = seq_lt(tcp_.seq, sender().next_seq);
    if (!again) set_state(!to_server() || tcp_.ack == server().next_seq ? State::kTimeWait : State::kClosing);
    extend_in_order();
    take_fin(again);
    return true;
  }
  if (!sequence_fits(Event::fin1_ack_wrong_seq)) return false;
  const bool again = note_retransmission();
  if (to_server() && !again) {
    extend_in_order();
    if (tcp_.ack == server().next_seq) set_state(State::kFinWait2);
  }
  raise_next_win(receiver(), tcp_.ack + granted(receiver()));
  take_closing_segment();
  return true;
}

// The server's FIN is acknowledged; the client may still send.
bool TcpStateMachine::fin_wait2() {
  if (!ack_is_valid(receiver())) return refuse(Event::fin2_invalid_ack);
  if (has(kFin)) {
    if (!fin_in_window()) return refuse(Event::fin2_fin_wrong_seq);
    note_retransmission();
    const bool again = seq_lt(tcp_.seq, sender().next_seq);
    if (!again) set_state(State::kTimeWait);
    extend_in_order();
    take_fin(again);
    return true;
  }
  if (!sequence_fits(Event::fin2_ack_wrong_seq)) return false;
  note_retransmission();
  extend_in_order();
  raise_next_win(receiver(), tcp_.ack + granted(receiver()));
  take_closing_segment();
  return true;
}

void TcpStateMachine::extend_in_order() {
  if (tcp_.seq == sender().next_seq) sender().next_seq = seq_end();
}

bool TcpStateMachine::fin_in_window() const {
  const Endpoint& from = sender();
  // One-sided, the window that the handshake gave is the only one that is known.
  const std::uint32_t limit = s_.async ? from.next_win : from.last_ack + from.window;
  return s_.midstream || (seq_ge(tcp_.seq, from.last_ack) && seq_le(tcp_.seq, limit));
}

// The FIN of the second side to close.
void TcpStateMachine::take_fin(bool again) {
  if (!again) session_.side(direction_).closed_ = true;
  take_closing_segment();
}

// The client has sent a FIN; the server may still send.
bool TcpStateMachine::close_wait() {
  if (!ack_is_valid(receiver())) return refuse(Event::closewait_invalid_ack);
  Endpoint& from = sender();
  if (has(kFin)) {
    if (!fin_in_window()) return refuse(Event::closewait_fin_out_of_window);
    note_retransmission();
    if (!to_server()) set_state(State::kLastAck);
    take_fin(to_server());
    return true;
  }
  if (!s_.async && length_ > 0 && seq_le(seq_end(), from.last_ack)) {
    note_retransmission();
    return refuse(Event::closewait_pkt_before_last_ack);
  }
  if (!s_.async && seq_gt(seq_end(), from.next_win)) return refuse(Event::closewait_ack_out_of_window);
  note_retransmission();
  extend_in_order();
  take_closing_segment();
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
  take_closing_segment();
  return true;
}

// The client's FIN was answered by the server's: only the client's ACK is missing.
bool TcpStateMachine::last_ack() {
  if (!ack_is_valid(receiver())) return refuse(Event::lastack_invalid_ack);
  if (has(kFin)) return true;
  if (to_server()) {
    if (tcp_.seq != client().next_seq && tcp_.seq != client().next_seq + 1) {
      note_retransmission();
      return refuse(Event::lastack_ack_wrong_seq);
    }
    if (seq_gt(tcp_.ack, server().next_seq)) set_state(State::kClosed);
  }
  take_closing_segment();
  return true;
}

bool TcpStateMachine::time_wait() {
  if (has(kFin)) return true;
  if (!ack_is_valid(receiver())) return refuse(Event::timewait_invalid_ack);
  // The server's FIN is counted in its next_seq, the client's is not.
  if (tcp_.seq != sender().next_seq && !(to_server() && tcp_.seq == sender().next_seq + 1)) {
    note_retransmission();
    return refuse(Event::timewait_ack_wrong_seq);
  }
  set_state(State::kClosed);
  take_closing_segment();
  return true;
}

// After the end nothing counts, unless the sender of a doubtful RST (one that refused a SYN, or was signed) speaks
// again: the RST was forged, and the connection goes on as before it.
bool TcpStateMachine::closed() {
  if (has(kRst) || !sender().refused) return true;
  sender().refused = false;
  set_state(s_.state_before_rst);
  session_.side(direction_).closed_ = false;
  event(Event::suspected_rst_inject);
  switch (s_.state) {
    case State::kSynSent: return syn_sent();
    case State::kSynRecv: return syn_received();
    case State::kEstablished: return established();
    case State::kNone:
    case State::kClosed: return true;
    default: return closing_states();
  }
}

}  // namespace bulkhead::stream
