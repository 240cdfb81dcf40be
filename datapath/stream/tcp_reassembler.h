// Puts the payload of one direction of a connection into order and shows it to the listener.
//
// Thread   the worker owning the flow; no locks.
// In       accepted segments in arrival order, acknowledgments of the peer; sequence numbers in host order.
// Out      on_data in place for bytes that continue the stream, on_gap for bytes that will not come,
//          on_rewind where the overlap policy prefers later bytes over ones already delivered but not
//          yet judged. StreamSide's window is the contiguous copy behind the delivered end.
// Layout   offsets grow to the right:
//
//            window_begin     inspect_end     delivered_end     blocks (out of order)
//                 |  looked back  |  may still be  |  hole  |#####|  hole  |###|
//                 |               |  overlapped    |
//
// Limits   depth_bytes and max_segments per direction, the pool's cap; beyond them a segment is counted and
//          dropped: it becomes a gap when the peer acknowledges it.
// Errors   reassembly_* events.
// Tests    tests/unit/datapath/stream/tcp_tracker_test.cpp; the slow twin in
//          tests/unit/datapath/stream/reassembly_twin_test.cpp; tests/fuzz/fuzz_stream.cpp
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "datapath/stream/buffer_pool.h"
#include "datapath/stream/overlap_policy.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::stream {

// Out-of-order bytes; blocks of a direction are sorted and never overlap.
struct StreamBlock {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  PooledBuffer bytes;
  std::uint32_t skip = 0;  // the byte at `begin` lies here in the buffer
  [[nodiscard]] Byte* at(std::uint64_t offset) const { return bytes.data() + skip + (offset - begin); }
};

// What a direction holds between packets.
struct StreamData {
  std::uint32_t base_seq = 0;  // sequence number of offset 0
  bool has_base = false;
  std::uint64_t acked = 0;                // offset up to which the peer acknowledged
  std::uint64_t fin_offset = UINT64_MAX;  // the FIN stands behind this many bytes
  PooledBuffer window;
  std::uint64_t window_head = 0;  // where window_begin lies in the buffer
  std::vector<StreamBlock> blocks;
  // Segments as they arrived, sorted, that reach beyond the judged bytes: what an overlap policy compares.
  std::vector<SegmentRange> segments;
  std::int64_t segments_end = 0;  // highest end in `segments`
  std::size_t segments_gone = 0;  // leading entries no longer needed
  std::uint32_t max_regions = 0;
};

class TcpReassembler {
 public:
  struct Target {
    flow::Flow& flow;
    Direction direction;
    StreamSide& side;
    StreamData& data;
    OverlapPolicy policy;
  };

  TcpReassembler(const StreamSettings& settings, StreamListener& listener, StreamCounters& counters, BufferPool& pool)
      : settings_(settings), listener_(listener), counters_(counters), pool_(pool) {}

  // Offset 0 is the byte with this sequence number.
  static void start(StreamData& data, std::uint32_t base_seq) {
    data.base_seq = base_seq;
    data.has_base = true;
  }
  // One segment's payload. False: dropped by a limit.
  bool add(Target& t, std::uint32_t seq, ByteSpan payload, StreamUpdate& update);
  // Would a segment with this number follow what has been delivered, with nothing waiting behind a hole?
  [[nodiscard]] bool continues(const Target& t, std::uint32_t seq) const {
    return t.data.has_base && t.data.blocks.empty() &&
           offset_of(t, seq) == static_cast<std::int64_t>(t.side.delivered_end_);
  }
  // Puts the first copy in place of the segment's own bytes, where one is held.
  void overwrite(Target& t, std::uint32_t seq, std::span<Byte> payload) const;
  // The peer has everything before `ack`.
  void acknowledge(Target& t, std::uint32_t ack, StreamUpdate& update);
  // Everything so far was not taken by the peer and will be sent again.
  void forget(Target& t);
  // The stream ends before this sequence number (FIN).
  void set_end(Target& t, std::uint32_t fin_seq);
  // Nothing more will come: the rest is delivered over its holes and may be judged.
  void flush(Target& t, StreamUpdate& update);
  // Gives up what the inspectors have released. Called before a packet, never between callbacks.
  void trim(StreamSide& side, StreamData& data) const;

 private:
  [[nodiscard]] bool arrival() const { return settings_.inspect_moment == InspectMoment::kArrival; }
  [[nodiscard]] std::int64_t offset_of(const Target& t, std::uint32_t seq) const;
  [[nodiscard]] ByteSpan clip_to_depth(Target& t, std::int64_t begin, ByteSpan payload, StreamUpdate& update) const;
  bool add_in_order(Target& t, ByteSpan payload, StreamUpdate& update);
  bool add_overlapping(Target& t, std::int64_t begin, ByteSpan payload, StreamUpdate& update);
  void resolve(Target& t, SegmentRange segment, ByteSpan payload, StreamUpdate& update);
  bool merge(Target& t, SegmentRange held, SegmentRange segment, ByteSpan payload, Byte* bytes, std::uint64_t* replaced,
             StreamUpdate& update);
  bool fill_holes(Target& t, std::uint64_t begin, ByteSpan payload, StreamUpdate& update);
  bool insert_block(Target& t, std::size_t position, std::uint64_t begin, ByteSpan bytes, StreamUpdate& update);
  void remember(Target& t, SegmentRange segment) const;
  void forget_judged(Target& t) const;
  [[nodiscard]] bool reserve(Target& t, std::size_t bytes, StreamUpdate& update);
  void deliver(Target& t, ByteSpan bytes);
  void show_again(Target& t, SegmentRange segment);
  void drain_blocks(Target& t, StreamUpdate& update);
  void give_up_acknowledged(Target& t, StreamUpdate& update);
  void give_up_holes(Target& t, std::uint64_t limit, StreamUpdate& update);
  void advance_inspection(Target& t) const;
  static void count_regions(Target& t);

  const StreamSettings& settings_;
  StreamListener& listener_;
  StreamCounters& counters_;
  BufferPool& pool_;
};

}  // namespace bulkhead::stream
