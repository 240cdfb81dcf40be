// TCP state and reassembly of the flows of one worker (RFC 9293, 7323, 7413).
//
// Thread   the worker owning the flows; no locks.
// In       packets of TCP flows in arrival order, with direction from the flow table.
// Out      StreamUpdate per packet; data by StreamListener; TcpSession hangs in the flow's kStream slot.
// Limits   depth_bytes, max_segments, memory caps: beyond them data is counted and not delivered, the
//          session goes on; the memcap counters say so.
// Errors   StreamEvent (stream_events.def); never throws.
// Tests    tests/unit/datapath/stream/, tests/fuzz/fuzz_stream.cpp; a slow twin of the reassembler
//          (tests/differential) must give the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "datapath/base/counters.h"
#include "datapath/decode/packet_view.h"
#include "datapath/flow/flow.h"
#include "datapath/flow/tcp_state.h"
#include "datapath/stream/stream_events.h"
#include "datapath/stream/stream_settings.h"
#include "datapath/stream/stream_view.h"

namespace bulkhead::stream {

// One direction of a connection, as those who inspect it see it.
class StreamSide {
 public:
  // Bytes up to here are contiguous (after gaps that were given up) and delivered by on_data.
  [[nodiscard]] std::uint64_t delivered_end() const { return delivered_end_; }
  // Bytes up to here may be judged now; never beyond delivered_end().
  [[nodiscard]] std::uint64_t inspect_end() const { return inspect_end_; }
  // The retained copy: `begin` is the offset of its first byte. It reaches to delivered_end(). It is
  // empty when nothing is retained. Valid until the next packet of the flow.
  [[nodiscard]] ByteSpan window() const { return window_; }
  [[nodiscard]] std::uint64_t window_begin() const { return window_begin_; }
  // Bytes before `offset` (minus StreamSettings::look_back_bytes) are no longer needed by the caller.
  void release(std::uint64_t offset) {
    if (offset > released_) released_ = offset;
  }
  [[nodiscard]] bool depth_reached() const { return depth_reached_; }
  [[nodiscard]] bool had_gap() const { return had_gap_; }
  [[nodiscard]] bool closed() const { return closed_; }  // FIN or RST was accepted

 private:
  friend class TcpTracker;
  friend class TcpReassembler;
  friend class TcpStateMachine;
  std::uint64_t delivered_end_ = 0;
  std::uint64_t inspect_end_ = 0;
  std::uint64_t window_begin_ = 0;
  std::uint64_t released_ = 0;
  ByteSpan window_;
  bool depth_reached_ = false;
  bool had_gap_ = false;
  bool closed_ = false;
};

struct TcpSessionState;  // tcp_tracker.cpp, tcp_reassembler.cpp

class TcpSession final : public flow::FlowExtension {
 public:
  explicit TcpSession(std::unique_ptr<TcpSessionState> state);
  ~TcpSession() override;

  [[nodiscard]] flow::TcpState state() const;
  [[nodiscard]] bool midstream() const;
  [[nodiscard]] StreamSide& side(Direction d) { return sides_[index_of(d)]; }
  [[nodiscard]] const StreamSide& side(Direction d) const { return sides_[index_of(d)]; }
  // Most segments held at once in a direction (EVE tcp.ts_max_regions / tc_max_regions).
  [[nodiscard]] std::uint32_t max_regions(Direction d) const;
  // Sequence numbers for RST injection and stream_size: next expected of this direction, last acknowledged, host order.
  [[nodiscard]] std::uint32_t next_seq(Direction d) const;
  [[nodiscard]] std::uint32_t last_ack(Direction d) const;
  // Relative bytes seen in a direction (stream_size keyword).
  [[nodiscard]] std::uint64_t stream_size(Direction d) const;

  TcpSessionState& internal() { return *state_; }
  void turn() override;

 private:
  std::unique_ptr<TcpSessionState> state_;
  std::array<StreamSide, 2> sides_;
  friend class TcpTracker;
  friend class TcpReassembler;
};

struct StreamUpdate {
  StreamEventList events;
  TcpSession* session = nullptr;   // null: not tracked (midstream off, memcap): packet rules only
  bool in_stream = false;          // the payload was taken into the stream (or is a retransmission of it)
  bool invalid = false;            // refused by the state machine; inline mode may drop it
  bool direction_swapped = false;  // midstream SYN/ACK: flow.client was turned round, the caller must turn `direction`
  bool reused = false;             // a new SYN on a finished connection: end this flow, look up again
  bool begins_midstream = false;   // no session, and the packet is not the beginning of one
  bool no_session_memory = false;  // [stream.memcap] is used up
  bool no_data_memory = false;     // [stream.reassembly.memcap] is used up
  flow::TcpState state_before = flow::TcpState::kNone;  // of the session; it may have moved on
  bool spurious = false;                                // payload that was acknowledged before
  bool keep_alive = false, keep_alive_answer = false, duplicate_ack = false, window_probe = false;
  bool urgent_drop = false;  // urgent data that the settings do not let through
  bool rewritten = false;    // arrival mode: bytes differing from the first copy were found in the packet
};

struct StreamCounters {
  Counter sessions, session_memcap_drops, reassembly_memcap_drops, gaps, gap_bytes, overlaps, overlap_conflicts, syn,
      synack, rst, midstream_pickups, invalid_checksum, pseudo, memory_bytes, reassembly_memory_bytes, depth_reached,
      acknowledged_unseen, urgent, urgent_taken_out;
  std::array<Counter, kStreamEventCount> events;
};

class TcpTracker {
 public:
  TcpTracker(const StreamSettings& settings, StreamListener& listener);
  ~TcpTracker();
  TcpTracker(const TcpTracker&) = delete;
  TcpTracker& operator=(const TcpTracker&) = delete;

  // Packets with a bad checksum must not be handed in (count them with invalid_checksum()).
  [[nodiscard]] StreamUpdate handle(const decode::PacketView& packet, flow::Flow& flow, Direction direction);
  // No session, and something else than a SYN or a RST.
  [[nodiscard]] static bool is_midstream(const decode::PacketView& packet, const flow::Flow& flow);
  // StreamUpdate::rewritten: the packet's payload as the stream has it.
  void rewrite(flow::Flow& flow, Direction direction, std::uint32_t seq, std::span<Byte> payload);
  // Before a flow ends: makes everything received inspectable (gaps that never filled are reported).
  void flush(flow::Flow& flow);
  // The connection has ended and its packet has been dealt with: memory of data that nobody needs any more goes back.
  void give_back(TcpSession& session);
  void count_invalid_checksum() { counters_.invalid_checksum.add(); }
  [[nodiscard]] const StreamCounters& counters() const { return counters_; }

 private:
  struct Impl;
  void count_flags(std::uint8_t flags);
  std::unique_ptr<Impl> impl_;
  StreamCounters counters_;
};

}  // namespace bulkhead::stream
