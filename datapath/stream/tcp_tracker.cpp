#include "datapath/stream/tcp_tracker.h"

#include <algorithm>
#include <utility>

#include "datapath/stream/tcp_state_machine.h"

namespace bulkhead::stream {

using decode::tcp_flag::kAck;
using decode::tcp_flag::kRst;
using decode::tcp_flag::kSyn;

const std::uint64_t TcpSessionState::kBytes = sizeof(TcpSession) + sizeof(TcpSessionState);

TcpSession::TcpSession(std::unique_ptr<TcpSessionState> state) : state_(std::move(state)) {}
TcpSession::~TcpSession() = default;

void TcpSession::turn() {
  std::swap(state_->ends[0], state_->ends[1]);
  std::swap(sides_[0], sides_[1]);
  state_->first_heard = opposite(state_->first_heard);
  // The states tell whose FIN came.
  using flow::TcpState;
  if (state_->state == TcpState::kCloseWait) {
    state_->state = TcpState::kFinWait1;
  } else if (state_->state == TcpState::kFinWait1 || state_->state == TcpState::kFinWait2) {
    state_->state = TcpState::kCloseWait;
  }
}

flow::TcpState TcpSession::state() const {
  return state_->state;
}
bool TcpSession::midstream() const {
  return state_->midstream;
}
std::uint32_t TcpSession::max_regions(Direction d) const {
  return std::max(state_->ends[index_of(d)].data.max_regions, 1U);
}
std::uint32_t TcpSession::next_seq(Direction d) const {
  return state_->ends[index_of(d)].next_seq;
}
std::uint32_t TcpSession::last_ack(Direction d) const {
  return state_->ends[index_of(d)].last_ack;
}
std::uint64_t TcpSession::stream_size(Direction d) const {
  const Endpoint& e = state_->ends[index_of(d)];
  return e.next_seq - e.isn;
}

struct TcpTracker::Impl {
  Impl(const StreamSettings& s, StreamListener& listener, StreamCounters& counters)
      : settings(s),
        memory(std::make_shared<StreamMemory>(settings)),
        reassembler(settings, listener, counters, memory->buffers) {}

  StreamSettings settings;
  std::shared_ptr<StreamMemory> memory;
  TcpReassembler reassembler;

  [[nodiscard]] TcpSession* make_session(flow::Flow& flow, StreamCounters& counters) const {
    if (memory->session_bytes + TcpSessionState::kBytes > settings.session_memcap_bytes) {
      counters.session_memcap_drops.add();
      return nullptr;
    }
    auto session = std::make_unique<TcpSession>(std::make_unique<TcpSessionState>(memory));
    TcpSession* made = session.get();
    flow.set_extension(flow::ExtensionSlot::kStream, std::move(session));
    counters.sessions.add();
    return made;
  }

  void trim(TcpSession& session) const {
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      reassembler.trim(session.side(d), session.internal().ends[index_of(d)].data);
    }
  }
};

namespace {

// A new SYN on a connection of which one side has ended begins a new one; so does one after data in a SYN was refused.
bool begins_anew(const TcpSessionState& s, const decode::PacketView& packet) {
  if ((packet.tcp.flags & (kSyn | kAck | kRst)) != kSyn) return false;
  if (s.syn_data_refused && s.state == flow::TcpState::kSynRecv) return true;
  if (s.state < flow::TcpState::kLastAck) return false;
  return packet.tcp.seq != s.ends[0].isn;
}

}  // namespace

TcpTracker::TcpTracker(const StreamSettings& settings, StreamListener& listener)
    : impl_(std::make_unique<Impl>(settings, listener, counters_)) {}
TcpTracker::~TcpTracker() = default;

bool TcpTracker::is_midstream(const decode::PacketView& packet, const flow::Flow& flow) {
  return flow.extension(flow::ExtensionSlot::kStream) == nullptr && TcpStateMachine::is_midstream(packet);
}

void TcpTracker::count_flags(std::uint8_t flags) {
  if ((flags & (kSyn | kAck)) == (kSyn | kAck)) {
    counters_.synack.add();
  } else if ((flags & kSyn) != 0) {
    counters_.syn.add();
  }
  if ((flags & kRst) != 0) counters_.rst.add();
  if ((flags & decode::tcp_flag::kUrg) != 0) counters_.urgent.add();
}

StreamUpdate TcpTracker::handle(const decode::PacketView& packet, flow::Flow& flow, Direction direction) {
  StreamUpdate update;
  auto* session = static_cast<TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  const bool fresh = session == nullptr;
  if (fresh) {
    update.begins_midstream = is_midstream(packet, flow);
    if (TcpStateMachine::may_begin(impl_->settings, packet, update.events)) {
      session = impl_->make_session(flow, counters_);
      update.no_session_memory = session == nullptr;
    } else {
      update.invalid = !update.events.empty();
    }
  } else if (begins_anew(session->internal(), packet)) {
    update.session = session;
    update.reused = true;
    return update;
  }
  update.session = session;
  if (session != nullptr) {
    impl_->trim(*session);
    TcpStateMachine machine({impl_->settings, impl_->reassembler, counters_}, packet, flow, *session, direction,
                            update);
    update.invalid = !machine.run(fresh);
  }
  count_flags(packet.tcp.flags);
  update.no_data_memory = update.events.contains(StreamEvent::reassembly_insert_memcap);
  for (const StreamEvent event : update.events) counters_.events[static_cast<std::size_t>(event)].add();
  counters_.memory_bytes.set(impl_->memory->session_bytes);
  counters_.reassembly_memory_bytes.set(impl_->memory->buffers.in_use());
  return update;
}

void TcpTracker::rewrite(flow::Flow& flow, Direction direction, std::uint32_t seq, std::span<Byte> payload) {
  auto* session = static_cast<TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session == nullptr) return;
  Endpoint& end = session->internal().ends[index_of(direction)];
  TcpReassembler::Target target{flow, direction, session->side(direction), end.data, end.policy};
  impl_->reassembler.overwrite(target, seq, payload);
}

void TcpTracker::give_back(TcpSession& session) {
  impl_->trim(session);
}

void TcpTracker::flush(flow::Flow& flow) {
  auto* session = static_cast<TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  if (session == nullptr) return;
  StreamUpdate update;
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    Endpoint& end = session->internal().ends[index_of(d)];
    TcpReassembler::Target target{flow, d, session->side(d), end.data, end.policy};
    const std::uint64_t judged = target.side.inspect_end();
    impl_->reassembler.flush(target, update);
    if (target.side.inspect_end() != judged) counters_.pseudo.add();  // a look at what nobody had acknowledged
  }
}

}  // namespace bulkhead::stream
