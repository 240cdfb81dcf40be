// Moves a connection from packet to packet: what a receiver would accept, and what is odd about the rest.
//
// Thread   one worker; a value of the stack, one per packet.
// In       a TCP packet, its flow and session. `sender` is the host that sent it.
// Out      accepted or refused; events; sequence state; payload and acknowledgments to the reassembler.
// Files    tcp_handshake.cpp (to ESTABLISHED), tcp_established.cpp, tcp_closing.cpp (FIN, RST and after),
//          tcp_checks.cpp (ACK, timestamp, window and retransmission tests).
// Source   RFC 9293 3.10, 7323 5, 7413 4, 5961; event names are those of the stream-event keyword.
// Tests    tests/unit/datapath/stream/tcp_tracker_test.cpp
#pragma once

#include "datapath/stream/sequence.h"
#include "datapath/stream/tcp_session_state.h"

namespace bulkhead::stream {

class TcpStateMachine {
 public:
  struct Context {
    const StreamSettings& settings;
    TcpReassembler& reassembler;
    StreamCounters& counters;
  };

  TcpStateMachine(Context context, const decode::PacketView& packet, flow::Flow& flow, TcpSession& session,
                  Direction direction, StreamUpdate& update);

  // False: a receiver would drop the packet. `fresh`: the session was made for this packet.
  bool run(bool fresh);

  // Sessions begin with a SYN, or in the middle where settings allow.
  // Without a session: something else than a SYN or a RST, which tell nothing about a connection's middle.
  [[nodiscard]] static bool is_midstream(const decode::PacketView& packet);
  [[nodiscard]] static bool may_begin(const StreamSettings& settings, const decode::PacketView& packet,
                                      StreamEventList& events);

 private:
  using State = flow::TcpState;
  using Event = StreamEvent;

  // --- tcp_handshake.cpp
  bool begin();
  bool begin_with_syn();
  bool begin_with_synack();
  bool begin_midstream();
  static void take_syn(Endpoint& from, Endpoint& to, const QueuedSegment& syn);
  void take_synack(const QueuedSegment& reply);
  [[nodiscard]] QueuedSegment this_segment() const;
  bool syn_sent();
  bool syn_sent_syn();
  bool syn_sent_synack();
  bool syn_sent_async();
  bool choose_queued_syn();
  bool fast_open_answer();
  bool four_way_synack();
  bool syn_received();
  bool syn_received_synack();
  bool syn_received_ack();
  bool syn_received_ack_from_server();
  bool four_way_ack();
  bool queue_synack();
  void choose_queued_synack();
  void establish();

  // --- tcp_established.cpp
  bool established();
  bool established_syn();
  bool established_synack();
  bool established_segment();
  void take_segment();

  // --- tcp_closing.cpp
  bool handle_rst();
  bool handle_fin();
  bool closing_states();
  void take_closing_segment();
  void take_fin(bool again);
  void extend_in_order();
  [[nodiscard]] bool fin_in_window() const;
  bool fin_wait1();
  bool fin_wait2();
  bool close_wait();
  bool closing();
  bool last_ack();
  bool time_wait();
  bool closed();
  bool sequence_fits(StreamEvent otherwise);
  [[nodiscard]] bool rst_is_valid();

  // --- tcp_checks.cpp
  bool ack_is_valid(const Endpoint& acknowledged);
  bool timestamp_is_valid(Endpoint& from);
  void note_timestamp();
  bool note_retransmission();
  [[nodiscard]] bool is_keep_alive();
  [[nodiscard]] bool is_keep_alive_answer();
  [[nodiscard]] bool is_duplicate_ack() const;
  [[nodiscard]] bool is_window_update() const;
  [[nodiscard]] bool is_bad_window_update();
  [[nodiscard]] bool is_outdated_ack() const;
  [[nodiscard]] bool is_shutdown_ack() const;
  [[nodiscard]] bool is_spurious_retransmission() const;
  [[nodiscard]] bool lies_before_window() const;

  // --- shared small steps
  bool refuse(StreamEvent event) {
    update_.events.add(event);
    return false;
  }
  void event(StreamEvent e) { update_.events.add(e); }
  [[nodiscard]] bool has(std::uint8_t flag) const { return (tcp_.flags & flag) != 0; }
  [[nodiscard]] bool inline_mode() const { return context_.settings.inspect_moment == InspectMoment::kArrival; }
  [[nodiscard]] bool to_server() const { return direction_ == Direction::kToServer; }
  [[nodiscard]] Endpoint& end(Direction d) { return s_.ends[index_of(d)]; }
  [[nodiscard]] Endpoint& sender() { return end(direction_); }
  [[nodiscard]] Endpoint& receiver() { return end(opposite(direction_)); }
  [[nodiscard]] const Endpoint& sender() const { return s_.ends[index_of(direction_)]; }
  [[nodiscard]] const Endpoint& receiver() const { return s_.ends[index_of(opposite(direction_))]; }
  [[nodiscard]] Endpoint& client() { return end(Direction::kToServer); }
  [[nodiscard]] Endpoint& server() { return end(Direction::kToClient); }
  [[nodiscard]] std::uint32_t seq_end() const { return tcp_.seq + length_; }
  // Window granted by this packet to the other side.
  [[nodiscard]] std::uint32_t granted(const Endpoint& to) const {
    return std::uint32_t{tcp_.window} << to.window_scale;
  }
  void set_state(State state);
  static void raise_last_ack(Endpoint& e, std::uint32_t ack) {
    if (seq_gt(ack, e.last_ack)) e.last_ack = ack;
  }
  static void raise_next_seq(Endpoint& e, std::uint32_t end) {
    if (seq_gt(end, e.next_seq)) e.next_seq = end;
  }
  static void raise_next_win(Endpoint& e, std::uint32_t limit) {
    if (seq_gt(limit, e.next_win)) e.next_win = limit;
  }
  TcpReassembler::Target target(Direction d);
  void acknowledge();  // of the other side's data by this packet
  void acknowledge_own();
  void reassemble();  // this packet's payload and acknowledgment
  bool add_payload();
  void swap_direction();

  Context context_;
  const decode::PacketView& packet_;
  const decode::TcpFields& tcp_;
  flow::Flow& flow_;
  TcpSession& session_;
  TcpSessionState& s_;
  StreamUpdate& update_;
  Direction direction_;
  std::uint32_t length_;  // of the payload
  ByteSpan payload_;
};

// The policy of the host that owns `address`.
[[nodiscard]] OverlapPolicy policy_of(const StreamSettings& settings, const IpAddress& address);

}  // namespace bulkhead::stream
