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
  return has(kAck) ? established_segment() : true;
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
  if (s_.timestamps && !timestamp_is_valid(sender())) return false;
  if (!ack_is_valid(receiver())) return refuse(Event::est_invalid_ack);
  if (!segment_in_window(Event::est_pkt_before_last_ack, Event::est_packet_out_of_window)) return false;
  if (to_server()) s_.confirmed = true;
  take_segment();
  return true;
}

// Moves next_seq and tells whether the receiver would take the segment.
bool TcpStateMachine::segment_in_window(StreamEvent before_last_ack, StreamEvent out_of_window) {
  Endpoint& from = sender();
  const std::uint32_t end = seq_end();
  const bool probe = length_ == 1 && from.window == 0 && tcp_.seq == from.next_seq;
  if (!s_.async && seq_lt(end, from.last_ack)) {
    // Acknowledged although we missed what came before: data behind next_seq is still news.
    const bool catching_up = seq_gt(from.last_ack, from.next_seq) && seq_gt(end, from.next_seq);
    if (!catching_up) {
      note_retransmission();
      return refuse(before_last_ack);
    }
  }
  note_retransmission();
  if (probe) return true;  // the receiver has no room: it will be sent again
  if (!s_.async && !s_.midstream && seq_gt(end, from.next_win)) return refuse(out_of_window);
  if (seq_le(tcp_.seq, from.next_seq) && seq_gt(end, from.next_seq)) {
    from.next_seq = end;
  } else if (seq_lt(from.next_seq, from.last_ack)) {
    from.next_seq = end;
  }
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
  if (s_.async) {
    raise_last_ack(from, seq_end());
    raise_next_win(from, from.last_ack + from.window);
  }
  note_timestamp();
  reassemble();
}

}  // namespace bulkhead::stream
