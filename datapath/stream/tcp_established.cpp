// ESTABLISHED: data, acknowledgments and handshake segments that come late.
#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

bool TcpStateMachine::established() {
  if (has(kRst)) return handle_rst();
  if (has(kFin)) return handle_fin();
  if (has(kSyn) && has(kAck)) return established_synack();
  if (has(kSyn)) return established_syn();
  // Inline mode lets a refused segment pass, as Suricata does: the receiver will not take it either.
  if (has(kAck)) static_cast<void>(established_segment());
  return true;
}

bool TcpStateMachine::established_synack() {
  if (to_server()) return refuse(Event::est_synack_toserver);
  if (tcp_.ack != client().last_ack) return refuse(Event::est_synack_resend_with_different_ack);
  if (tcp_.seq != server().isn) return refuse(Event::est_synack_resend_with_diff_seq);
  if (s_.confirmed) return refuse(Event::est_synack_resend);
  return true;  // the server did not get the client's ACK: sent again in good faith
}

bool TcpStateMachine::established_syn() {
  if (!to_server()) return refuse(Event::est_syn_toclient);
  if (tcp_.seq != client().isn) return refuse(Event::est_syn_resend_diff_seq);
  return refuse(Event::est_syn_resend);
}

bool TcpStateMachine::established_segment() {
  if (!to_server()) s_.confirmed = true;
  if (s_.timestamps && !timestamp_is_valid(sender())) return false;
  if (!ack_is_valid(receiver())) return refuse(Event::est_invalid_ack);
  Endpoint& from = sender();
  if (s_.one_side_heard && direction_ != s_.first_heard) {
    // Nobody has told us what this side may send; its own window is the best guess.
    s_.one_side_heard = false;
    from.window = granted(from);
    from.next_win = from.last_ack + from.window;
  }
  const std::uint32_t end = seq_end();
  const bool keep_alive = length_ <= 1 && tcp_.seq == from.next_seq - 1;
  if (!s_.async && !keep_alive && seq_lt(end, from.last_ack)) {
    // Acknowledged although we missed what came before: data behind next_seq is still news.
    const bool catching_up = seq_gt(from.last_ack, from.next_seq) && seq_gt(end, from.next_seq);
    if (!catching_up) return refuse(Event::est_pkt_before_last_ack);
  }
  // A zero window probe: the receiver has no room, the byte will come again.
  if (length_ == 1 && from.window == 0 && tcp_.seq == from.next_seq) return update_.window_probe = true;
  raise_next_seq(from, end);
  if (!s_.async && !s_.midstream && seq_gt(end, from.next_win)) return refuse(Event::est_packet_out_of_window);
  take_segment();
  return true;
}

void TcpStateMachine::take_segment() {
  Endpoint& from = sender();
  Endpoint& to = receiver();
  if (has(kAck)) {
    to.window = granted(to);
    raise_last_ack(to, tcp_.ack);
    raise_next_win(to, to.last_ack + to.window);
  }
  if (s_.async) raise_last_ack(from, seq_end());
  note_timestamp();
  reassemble();
}

}  // namespace bulkhead::stream
