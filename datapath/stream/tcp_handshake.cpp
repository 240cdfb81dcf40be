// From the first packet to ESTABLISHED: three-way, simultaneous (four-way) and fast open handshakes, one-sided
// captures, connections taken up in the middle.
#include <algorithm>

#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kFin;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

namespace {

constexpr std::size_t kMaxSynsQueued = 10;
constexpr std::uint8_t kMaxWindowScale = 14;  // RFC 7323 2.3; midstream: assume the widest

constexpr std::uint8_t kNoScale = 255;

}  // namespace

bool TcpStateMachine::is_midstream(const decode::PacketView& packet) {
  const std::uint8_t flags = packet.tcp.flags;
  if ((flags & kRst) != 0) return false;
  return (flags & (kFin | kAck)) != 0;
}

bool TcpStateMachine::may_begin(const StreamSettings& settings, const decode::PacketView& packet,
                                StreamEventList& events) {
  const std::uint8_t flags = packet.tcp.flags;
  if ((flags & kRst) != 0) {
    events.add(Event::rst_but_no_session);
    return false;
  }
  if ((flags & (kSyn | kFin)) == (kSyn | kFin)) events.add(Event::fin_syn);
  if ((flags & kSyn) != 0) return (flags & kAck) == 0 || settings.midstream || settings.async_oneside;
  if ((flags & kFin) != 0 && (!settings.midstream || packet.payload.empty())) {
    events.add(Event::fin_but_no_session);
    return false;
  }
  return (flags & kAck) != 0 && settings.midstream;
}

bool TcpStateMachine::begin() {
  client().policy = policy_of(context_.settings, to_server() ? packet_.destination : packet_.source);
  server().policy = policy_of(context_.settings, to_server() ? packet_.source : packet_.destination);
  s_.first_heard = direction_;
  if (has(kSyn) && has(kAck)) return begin_with_synack();
  if (has(kSyn)) return begin_with_syn();
  return begin_midstream();
}

void TcpStateMachine::take_syn(Endpoint& from, Endpoint& to, const QueuedSegment& syn) {
  from.isn = syn.seq;
  from.next_seq = syn.seq + 1;
  from.last_ack = from.next_win = from.next_seq;
  to.window = syn.window;  // the window of a SYN is never scaled
  to.window_scale = syn.window_scale == kNoScale ? std::uint8_t{0} : std::min(syn.window_scale, kMaxWindowScale);
  from.timestamps = syn.has_timestamps;
  from.last_ts = syn.ts_value;
  from.zero_timestamp = syn.has_timestamps && syn.ts_value == 0;
  from.last_ts_second = syn.time.seconds();
  from.sack = syn.sack;
  TcpReassembler::start(from.data, syn.seq + 1);
}

bool TcpStateMachine::begin_with_syn() {
  // The flow calls the sender of the first packet client; a flow that was there before may disagree.
  if (!to_server()) swap_direction();
  take_syn(client(), server(), this_segment());
  s_.client_sack = tcp_.sack_permitted;
  s_.async = context_.settings.async_oneside;
  if (tcp_.has_fast_open && length_ > 0) {
    s_.fast_open = true;
    client().next_seq += length_;
    client().next_win = client().next_seq;
    TcpReassembler::Target t = target(Direction::kToServer);
    update_.in_stream = context_.reassembler.add(t, tcp_.seq + 1, payload_, update_);
    set_state(State::kSynSent);
    return true;
  }
  client().next_win = client().next_seq;
  set_state(State::kSynSent);
  return true;
}

QueuedSegment TcpStateMachine::this_segment() const {
  QueuedSegment q;
  q.seq = tcp_.seq;
  q.ack = tcp_.ack;
  q.window = tcp_.window;
  q.ts_value = tcp_.ts_value;
  q.time = packet_.raw->time;
  q.window_scale = tcp_.has_window_scale ? tcp_.window_scale : kNoScale;
  q.has_timestamps = tcp_.has_timestamps;
  q.sack = tcp_.sack_permitted;
  return q;
}

// Both ends agree on what a connection uses only by the SYN/ACK: scaling, timestamps, SACK.
void TcpStateMachine::take_synack(const QueuedSegment& reply) {
  Endpoint& c = client();
  Endpoint& srv = server();
  srv.isn = reply.seq;
  srv.next_seq = reply.seq + 1;
  srv.last_ack = srv.next_seq;
  c.window = reply.window;
  if (reply.window_scale != kNoScale) {
    c.window_scale = std::min(reply.window_scale, kMaxWindowScale);
  } else {
    c.window_scale = srv.window_scale = 0;
  }
  s_.timestamps = c.timestamps && reply.has_timestamps;
  srv.timestamps = s_.timestamps;
  c.timestamps = s_.timestamps;
  srv.last_ts = reply.ts_value;
  srv.zero_timestamp = reply.has_timestamps && reply.ts_value == 0;
  srv.last_ts_second = reply.time.seconds();
  srv.sack = s_.client_sack && reply.sack;
  raise_last_ack(c, reply.ack);
  c.next_win = c.last_ack + c.window;
  srv.next_win = srv.last_ack + srv.window;
  TcpReassembler::start(srv.data, reply.seq + 1);
  set_state(State::kSynRecv);
}

// The client's SYN was missed: the receiver of a SYN/ACK is the client.
bool TcpStateMachine::begin_with_synack() {
  context_.counters.midstream_pickups.add();
  if (to_server()) swap_direction();
  s_.midstream = s_.midstream_synack = true;
  s_.first_heard = direction_;  // turned round, perhaps
  s_.async = context_.settings.async_oneside;
  flow_.is_tcp_midstream = true;
  Endpoint& c = client();
  Endpoint& srv = server();
  c.isn = tcp_.ack - 1;
  c.next_seq = c.last_ack = tcp_.ack;
  c.timestamps = tcp_.has_timestamps;
  c.last_ts = tcp_.ts_echo;
  c.zero_timestamp = tcp_.has_timestamps && tcp_.ts_echo == 0;
  srv.window_scale = tcp_.has_window_scale ? kMaxWindowScale : std::uint8_t{0};
  srv.window = tcp_.window;
  s_.client_sack = tcp_.sack_permitted;
  TcpReassembler::start(c.data, tcp_.ack);
  take_synack(this_segment());
  return true;
}

// Neither SYN was seen: both sides are taken at their word, windows as wide as scaling allows.
bool TcpStateMachine::begin_midstream() {
  context_.counters.midstream_pickups.add();
  s_.midstream = true;
  s_.async = context_.settings.async_oneside;
  flow_.is_tcp_midstream = true;
  Endpoint& from = sender();
  Endpoint& to = receiver();
  from.window_scale = to.window_scale = kMaxWindowScale;
  from.isn = tcp_.seq - 1;
  from.next_seq = seq_end();
  from.last_ack = tcp_.seq;
  from.window = std::uint32_t{tcp_.window} << kMaxWindowScale;
  from.next_win = from.last_ack + from.window;
  to.isn = tcp_.ack - 1;
  to.next_seq = to.last_ack = tcp_.ack;
  to.next_win = to.last_ack;
  if (tcp_.has_timestamps) {
    from.timestamps = to.timestamps = s_.timestamps = true;
    from.last_ts = tcp_.ts_value;
    to.last_ts = tcp_.ts_echo;
    from.zero_timestamp = tcp_.ts_value == 0;
    to.zero_timestamp = tcp_.ts_echo == 0;
    from.last_ts_second = packet_.raw->time.seconds();
  }
  TcpReassembler::start(from.data, tcp_.seq);
  TcpReassembler::start(to.data, tcp_.ack);
  set_state(State::kEstablished);
  s_.one_side_heard = true;
  s_.first_heard = direction_;
  if (has(kFin)) {
    session_.side(direction_).closed_ = true;
    ++from.next_seq;
    set_state(State::kFinWait1);
  }
  if (s_.async) raise_last_ack(from, seq_end());
  reassemble();
  return true;
}

void TcpStateMachine::establish() {
  s_.queue.clear();
  set_state(State::kEstablished);
}

bool TcpStateMachine::syn_sent() {
  // An answer must echo the SYN's timestamp (RFC 7323 3.2), or has none if the SYN had none: else it is forged.
  // A SYN/ACK may echo any of the SYNs that were sent, or nothing.
  const auto was_sent = [&](const QueuedSegment& q) { return q.has_timestamps && q.ts_value == tcp_.ts_echo; };
  const bool echoes = !tcp_.has_timestamps || tcp_.ts_echo == client().last_ts ||
                      std::any_of(s_.queue.begin(), s_.queue.end(), was_sent);
  const bool must_echo = !has(kSyn) || (has(kAck) && client().timestamps && tcp_.ts_echo != 0);
  if (!to_server() && must_echo && !echoes) return refuse(Event::pkt_invalid_timestamp);
  if (has(kRst)) return handle_rst();
  if (has(kSyn) && has(kAck)) return syn_sent_synack();
  if (has(kSyn)) return syn_sent_syn();
  if (has(kAck) && context_.settings.async_oneside) return syn_sent_async();
  return true;
}

bool TcpStateMachine::syn_sent_syn() {
  if (to_server()) {
    if (tcp_.seq == client().isn) {
      // The same SYN at another time: its timestamp may be the one that is echoed.
      const bool known = tcp_.ts_value == client().last_ts ||
                         std::any_of(s_.queue.begin(), s_.queue.end(),
                                     [&](const QueuedSegment& q) { return q.ts_value == tcp_.ts_value; });
      if (tcp_.has_timestamps && !known && s_.queue.size() < kMaxSynsQueued) s_.queue.push_back(this_segment());
      return true;
    }
    for (const QueuedSegment& q : s_.queue) {
      if (q.seq == tcp_.seq) return true;
    }
    if (s_.queue.size() >= kMaxSynsQueued) return refuse(Event::handshake_syn_flood);
    s_.queue.push_back(this_segment());
    return true;
  }
  // Simultaneous open (RFC 9293 3.5, figure 7).
  s_.four_way = true;
  Endpoint& srv = server();
  take_syn(srv, client(), this_segment());
  srv.next_win = srv.last_ack + srv.window;
  client().next_win = client().last_ack + client().window;
  s_.timestamps = client().timestamps && srv.timestamps;
  client().timestamps = srv.timestamps = s_.timestamps;
  return true;
}

bool TcpStateMachine::syn_sent_synack() {
  if (s_.four_way && to_server()) return four_way_synack();
  if (to_server()) return refuse(Event::handshake_synack_in_wrong_direction);
  if (s_.fast_open) {
    if (!fast_open_answer()) return false;
  } else if (tcp_.ack != client().isn + 1 && !choose_queued_syn()) {
    return refuse(Event::handshake_synack_with_wrong_ack);
  }
  s_.async = false;
  s_.queue.clear();
  take_synack(this_segment());
  acknowledge();
  return true;
}

// The server answers one of several different SYNs.
bool TcpStateMachine::choose_queued_syn() {
  for (const QueuedSegment& q : s_.queue) {
    if (tcp_.ack != q.seq + 1) continue;
    take_syn(client(), server(), q);
    return true;
  }
  return false;
}

// The server may have taken the SYN's data or not (RFC 7413 4.1.2).
bool TcpStateMachine::fast_open_answer() {
  Endpoint& c = client();
  if (tcp_.ack == c.next_seq) return true;
  if (tcp_.ack != c.isn + 1) return refuse(Event::handshake_synack_with_wrong_ack);
  event(Event::handshake_synack_tfo_data_ignored);
  c.next_seq = tcp_.ack;  // the data will be sent again
  s_.syn_data_refused = true;
  TcpReassembler::Target t = target(Direction::kToServer);
  context_.reassembler.forget(t);
  return true;
}

bool TcpStateMachine::four_way_synack() {
  if (tcp_.ack != server().isn + 1) return refuse(Event::four_way_synack_with_wrong_ack);
  if (tcp_.seq != client().isn) return refuse(Event::four_way_synack_with_wrong_syn);
  Endpoint& c = client();
  Endpoint& srv = server();
  srv.window = tcp_.window;
  raise_last_ack(srv, tcp_.ack);
  srv.next_win = srv.last_ack + srv.window;
  c.next_win = c.last_ack + c.window;
  set_state(State::kSynRecv);
  return true;
}

// One-sided capture: the client goes on, so the server must have answered.
bool TcpStateMachine::syn_sent_async() {
  Endpoint& c = client();
  if (!to_server() || tcp_.seq != c.isn + 1) return refuse(Event::handshake_async_wrong_seq);
  Endpoint& srv = server();
  s_.async = true;
  srv.window_scale = tcp_.has_window_scale ? tcp_.window_scale : srv.window_scale;
  c.window_scale = kMaxWindowScale;
  srv.isn = tcp_.ack - 1;
  srv.next_seq = srv.last_ack = tcp_.ack;
  srv.window = granted(srv);
  c.window = tcp_.window;
  c.next_seq = seq_end();
  c.next_win = c.last_ack + c.window;
  srv.next_win = srv.last_ack + srv.window;
  s_.timestamps = c.timestamps && tcp_.has_timestamps;
  if (s_.timestamps) {
    c.last_ts = tcp_.ts_value;
    c.last_ts_second = packet_.raw->time.seconds();
  }
  TcpReassembler::start(srv.data, tcp_.ack);
  establish();
  raise_last_ack(c, seq_end());
  reassemble();
  return true;
}

bool TcpStateMachine::syn_received() {
  if (has(kRst)) return handle_rst();
  if (has(kSyn) && has(kAck)) return syn_received_synack();
  if (has(kSyn)) {
    if (!to_server()) return refuse(Event::handshake_syn_toclient_on_syn_recv);
    if (tcp_.seq != client().isn) return refuse(Event::handshake_syn_resend_diff_seq_on_syn_recv);
    return true;
  }
  return has(kAck) ? syn_received_ack() : true;
}

bool TcpStateMachine::syn_received_synack() {
  if (to_server()) return refuse(Event::handshake_synack_toserver_on_syn_recv);
  if (tcp_.ack != client().last_ack) return refuse(Event::handshake_synack_resend_with_different_ack);
  if (tcp_.seq == server().isn) {
    for (const QueuedSegment& q : s_.queue) {
      if (q.seq == tcp_.seq) return true;
    }
    return s_.queue.empty() || queue_synack();
  }
  return queue_synack();
}

// Two different answers: an injected one among them. The client's ACK will tell which it took.
bool TcpStateMachine::queue_synack() {
  for (const QueuedSegment& q : s_.queue) {
    if (q.seq == tcp_.seq && q.ack == tcp_.ack) return true;
  }
  if (s_.queue.size() >= context_.settings.max_synack_queued) return refuse(Event::handshake_synack_flood);
  s_.queue.push_back(this_segment());
  return true;
}

void TcpStateMachine::choose_queued_synack() {
  if (tcp_.ack == server().isn + 1) return;
  for (const QueuedSegment& q : s_.queue) {
    if (tcp_.ack != q.seq + 1) continue;
    take_synack(q);
    return;
  }
}

bool TcpStateMachine::syn_received_ack() {
  if (!s_.queue.empty() && to_server()) choose_queued_synack();
  if (s_.timestamps && !timestamp_is_valid(sender())) return false;
  if (s_.four_way) {
    if (!to_server()) return four_way_ack();
  } else if (!to_server()) {
    return syn_received_ack_from_server();
  }
  const bool right_ack = tcp_.ack == server().next_seq;
  const bool right_seq = tcp_.seq == client().next_seq;
  // The handshake's own ACK was lost: later data within the window proves it all the same.
  const bool later_data = right_ack && seq_gt(tcp_.seq, client().next_seq) && seq_le(tcp_.seq, client().next_win);
  if (!s_.midstream && !s_.async) {
    if (right_seq && !right_ack) {
      return refuse(Event::handshake_right_seq_wrong_ack_evasion);
    } else if (!right_seq && !later_data) {
      return refuse(Event::handshake_wrong_seq_wrong_ack);
    }
  } else if (!ack_is_valid(server())) {
    return refuse(Event::est_invalid_ack);
  }
  client().next_seq = seq_end();
  client().next_win = client().last_ack + client().window;
  establish();
  if (has(kFin)) return handle_fin();
  take_segment();
  return true;
}

// The capture lost the client's ACK, or fast open lets the server answer first. Inline nothing is lost: data
// from the server's side that no ACK has asked for may be injected.
bool TcpStateMachine::syn_received_ack_from_server() {
  const bool proves_ack = tcp_.ack == client().next_seq && tcp_.seq == server().next_seq;
  const bool acknowledges_more = seq_gt(tcp_.ack, client().next_seq) && seq_le(tcp_.ack, client().next_win);
  if (!s_.fast_open && inline_mode()) {
    const bool injected = proves_ack && length_ > 0;
    return refuse(injected ? Event::handshake_ack_data_inject : Event::handshake_ack_in_wrong_dir);
  }
  const bool one_sided = (s_.async || s_.midstream) && tcp_.seq == server().next_seq;
  if (!proves_ack && !acknowledges_more && !one_sided) return refuse(Event::handshake_wrong_seq_wrong_ack);
  establish();
  if (has(kFin)) return handle_fin();
  raise_next_seq(server(), seq_end());
  take_segment();
  return true;
}

bool TcpStateMachine::four_way_ack() {
  if (tcp_.seq != server().next_seq) return refuse(Event::four_way_wrong_seq);
  if (!ack_is_valid(client())) return refuse(Event::four_way_invalid_ack);
  server().next_seq = seq_end();
  establish();
  s_.confirmed = true;
  take_segment();
  return true;
}

}  // namespace bulkhead::stream
