#include "datapath/stream/tcp_reassembler.h"

#include <algorithm>
#include <cstring>

#include "datapath/base/check.h"
#include "datapath/stream/sequence.h"

namespace bulkhead::stream {
namespace {

constexpr std::uint64_t kRegionDistance = 256 * 1024;  // blocks further apart count as separate regions
constexpr std::size_t kSmallestWindow = 2048;

std::uint64_t saturating_sub(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

}  // namespace

std::int64_t TcpReassembler::offset_of(const Target& t, std::uint32_t seq) const {
  const std::uint64_t end = t.side.delivered_end_;
  return static_cast<std::int64_t>(end) + seq_distance(t.data.base_seq + static_cast<std::uint32_t>(end), seq);
}

ByteSpan TcpReassembler::clip_to_depth(Target& t, std::int64_t begin, ByteSpan payload, StreamUpdate& update) const {
  const std::uint64_t depth = settings_.depth_bytes;
  if (depth == 0) return payload;
  const std::int64_t room = static_cast<std::int64_t>(depth) - begin;
  if (room >= static_cast<std::int64_t>(payload.size())) return payload;
  if (!t.side.depth_reached_) {
    update.events.add(StreamEvent::reassembly_depth_reached);
    counters_.depth_reached.add();
  }
  t.side.depth_reached_ = true;
  return room > 0 ? payload.first(static_cast<std::size_t>(room)) : ByteSpan{};
}

bool TcpReassembler::add(Target& t, std::uint32_t seq, ByteSpan payload, StreamUpdate& update) {
  if (!t.data.has_base) start(t.data, seq);
  const std::int64_t begin = offset_of(t, seq);
  payload = clip_to_depth(t, begin, payload, update);
  if (payload.empty()) return false;
  if (begin == static_cast<std::int64_t>(t.side.delivered_end_) && t.data.blocks.empty()) {
    return add_in_order(t, payload, update);
  }
  return add_overlapping(t, begin, payload, update);
}

bool TcpReassembler::add_in_order(Target& t, ByteSpan payload, StreamUpdate& update) {
  if (!reserve(t, payload.size(), update)) return false;
  const auto begin = static_cast<std::int64_t>(t.side.delivered_end_);
  remember(t, {begin, begin + static_cast<std::int64_t>(payload.size())});
  deliver(t, payload);
  count_regions(t);
  advance_inspection(t);
  return true;
}

// The segment covers bytes that are already there, or leaves a hole before it.
bool TcpReassembler::add_overlapping(Target& t, std::int64_t begin, ByteSpan payload, StreamUpdate& update) {
  const SegmentRange segment{begin, begin + static_cast<std::int64_t>(payload.size())};
  const auto floor = static_cast<std::int64_t>(t.side.window_begin_);
  if (begin < floor) {
    if (segment.end <= floor) return true;
    payload = payload.subspan(static_cast<std::size_t>(floor - begin));
    begin = floor;
  }
  if (begin < t.data.segments_end) resolve(t, segment, payload, update);
  const auto delivered = static_cast<std::int64_t>(t.side.delivered_end_);
  if (begin < delivered) {
    if (segment.end <= delivered) {
      remember(t, segment);
      show_again(t, segment);
      return true;
    }
    payload = payload.subspan(static_cast<std::size_t>(delivered - begin));
    begin = delivered;
  }
  const bool stored = fill_holes(t, static_cast<std::uint64_t>(begin), payload, update);
  remember(t, segment);
  give_up_acknowledged(t, update);
  advance_inspection(t);
  return stored;
}

// Inline, each copy of the bytes is a packet that may be let through, so the rules judge each. A sender could make
// much work by repeating little: what is shown again is at most a few times what the packet brings.
void TcpReassembler::show_again(Target& t, SegmentRange segment) {
  constexpr std::uint64_t kMostRepeated = 8, kAlways = 2048;
  const StreamSide& side = t.side;
  const auto begin = static_cast<std::uint64_t>(std::max(segment.begin, static_cast<std::int64_t>(side.window_begin_)));
  if (!settings_.judge_copies || begin >= side.delivered_end_) return;
  const std::uint64_t length = side.delivered_end_ - begin;
  const auto brought = static_cast<std::uint64_t>(segment.end - segment.begin);
  if (length > kAlways && length > kMostRepeated * brought) return;
  listener_.on_rewind(t.flow, t.direction, begin);
  listener_.on_data(t.flow, t.direction, begin, side.window_.subspan(begin - side.window_begin_));
}

void TcpReassembler::overwrite(Target& t, std::uint32_t seq, std::span<Byte> payload) const {
  const std::int64_t begin = offset_of(t, seq);
  const std::int64_t end = begin + static_cast<std::int64_t>(payload.size());
  const auto put = [&](std::uint64_t held_begin, std::uint64_t held_end, const Byte* bytes) {
    const std::int64_t from = std::max(begin, static_cast<std::int64_t>(held_begin));
    const std::int64_t to = std::min(end, static_cast<std::int64_t>(held_end));
    if (from >= to) return;
    std::memcpy(payload.data() + (from - begin), bytes + (from - static_cast<std::int64_t>(held_begin)),
                static_cast<std::size_t>(to - from));
  };
  put(t.side.window_begin_, t.side.window_begin_ + t.side.window_.size(), t.side.window_.data());
  for (const StreamBlock& block : t.data.blocks) put(block.begin, block.end, block.at(block.begin));
}

// Bytes that are there twice: the policy decides for each held segment; whoever loses anywhere loses there.
// `payload` is the end of `segment`, without what nobody keeps any more.
void TcpReassembler::resolve(Target& t, SegmentRange segment, ByteSpan payload, StreamUpdate& update) {
  const std::int64_t begin = segment.end - static_cast<std::int64_t>(payload.size());
  std::uint64_t replaced = UINT64_MAX;
  bool overlaps = false;
  bool conflict = false;
  StreamSide& side = t.side;
  const SegmentRange window{static_cast<std::int64_t>(side.window_begin_),
                            static_cast<std::int64_t>(side.delivered_end_)};
  if (begin < window.end && t.data.window) {
    overlaps = true;
    conflict |= merge(t, window, segment, payload, t.data.window.data() + t.data.window_head, &replaced, update);
  }
  for (StreamBlock& block : t.data.blocks) {
    const SegmentRange held{static_cast<std::int64_t>(block.begin), static_cast<std::int64_t>(block.end)};
    if (held.begin >= segment.end) break;
    if (held.end <= begin) continue;
    overlaps = true;
    conflict |= merge(t, held, segment, payload, block.at(block.begin), nullptr, update);
  }
  if (overlaps) counters_.overlaps.add();
  if (conflict) {
    counters_.overlap_conflicts.add();
    // Suricata 7 has no event for a segment that repeats another's exact range.
    const auto repeats = [&](SegmentRange held) { return held.begin == segment.begin && held.end == segment.end; };
    const auto first = t.data.segments.begin() + static_cast<std::ptrdiff_t>(t.data.segments_gone);
    if (std::none_of(first, t.data.segments.end(), repeats)) {
      update.events.add(StreamEvent::reassembly_overlap_different_data);
    }
  }
  if (replaced == UINT64_MAX) return;
  listener_.on_rewind(t.flow, t.direction, replaced);
  listener_.on_data(t.flow, t.direction, replaced, side.window_.subspan(replaced - side.window_begin_));
}

// `bytes` holds the range `held`. Answers whether the copies differ; writes the segment's bytes where it wins.
bool TcpReassembler::merge(Target& t, SegmentRange held, SegmentRange segment, ByteSpan payload, Byte* bytes,
                           std::uint64_t* replaced, StreamUpdate& update) {
  const std::int64_t begin = segment.end - static_cast<std::int64_t>(payload.size());
  const std::int64_t from = std::max(held.begin, begin);
  const std::int64_t to = std::min(held.end, segment.end);
  Byte* old = bytes + (from - held.begin);
  const Byte* fresh = payload.data() + (from - begin);
  const auto size = static_cast<std::size_t>(to - from);
  if (std::memcmp(old, fresh, size) == 0) return false;
  if (arrival()) update.rewritten = true;
  if (arrival() || t.policy == OverlapPolicy::kFirst) return true;
  // Bytes that were judged stay. Behind them: ranges where some held segment keeps its bytes.
  std::int64_t at = std::max(from, static_cast<std::int64_t>(t.side.inspect_end_));
  const auto take = [&](std::int64_t until) {
    if (until <= at) return;
    const auto first = static_cast<std::size_t>(at - from);
    const auto length = static_cast<std::size_t>(until - at);
    if (replaced != nullptr && std::memcmp(old + first, fresh + first, length) != 0) {
      const auto differs = std::mismatch(old + first, old + first + length, fresh + first);
      *replaced = std::min(*replaced, static_cast<std::uint64_t>(at + (differs.first - (old + first))));
    }
    std::memcpy(old + first, fresh + first, length);
  };
  const std::vector<SegmentRange>& segments = t.data.segments;
  for (std::size_t i = t.data.segments_gone; i < segments.size() && at < to; ++i) {
    if (segments[i].begin >= to) break;
    if (segments[i].end <= at || new_data_wins(t.policy, segments[i], segment)) continue;
    take(std::min(segments[i].begin, to));
    at = std::max(at, segments[i].end);
  }
  take(to);
  return true;
}

// Where the segment lies in holes: its bytes continue the stream in place, or wait in a block.
bool TcpReassembler::fill_holes(Target& t, std::uint64_t begin, ByteSpan payload, StreamUpdate& update) {
  const std::uint64_t end = begin + payload.size();
  std::vector<StreamBlock>& blocks = t.data.blocks;
  while (begin < end) {
    auto next = std::upper_bound(blocks.begin(), blocks.end(), begin,
                                 [](std::uint64_t at, const StreamBlock& block) { return at < block.end; });
    const std::uint64_t hole_end = next == blocks.end() ? end : std::min(end, std::max(begin, next->begin));
    const ByteSpan bytes = payload.last(end - begin).first(hole_end - begin);
    if (!bytes.empty()) {
      if (begin == t.side.delivered_end_) {
        if (!reserve(t, bytes.size(), update)) return false;
        deliver(t, bytes);
        drain_blocks(t, update);
        count_regions(t);
      } else if (!insert_block(t, static_cast<std::size_t>(next - blocks.begin()), begin, bytes, update)) {
        return false;
      }
      begin = std::max(hole_end, t.side.delivered_end_);
      continue;
    }
    begin = next->end;  // already there: resolve() has decided about these bytes
  }
  return true;
}

bool TcpReassembler::insert_block(Target& t, std::size_t position, std::uint64_t begin, ByteSpan bytes,
                                  StreamUpdate& update) {
  std::vector<StreamBlock>& blocks = t.data.blocks;
  if (blocks.size() >= settings_.max_segments) {
    update.events.add(StreamEvent::reassembly_insert_limit);
    return false;
  }
  PooledBuffer buffer = pool_.take(bytes.size());
  if (!buffer) {
    counters_.reassembly_memcap_drops.add();
    update.events.add(StreamEvent::reassembly_insert_memcap);
    return false;
  }
  std::memcpy(buffer.data(), bytes.data(), bytes.size());
  StreamBlock block;
  block.begin = begin;
  block.end = begin + bytes.size();
  block.bytes = std::move(buffer);
  blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(position), std::move(block));
  count_regions(t);
  return true;
}

void TcpReassembler::remember(Target& t, SegmentRange segment) const {
  StreamData& data = t.data;
  data.segments_end = std::max(data.segments_end, segment.end);
  if (arrival() || t.policy == OverlapPolicy::kFirst) return;  // nobody will ask
  std::vector<SegmentRange>& list = data.segments;
  if (list.empty() || segment.begin >= list.back().begin) {
    list.push_back(segment);
    return;
  }
  const auto first = list.begin() + static_cast<std::ptrdiff_t>(data.segments_gone);
  list.insert(std::upper_bound(first, list.end(), segment.begin,
                               [](std::int64_t at, const SegmentRange& held) { return at < held.begin; }),
              segment);
}

void TcpReassembler::forget_judged(Target& t) const {
  StreamData& data = t.data;
  const auto judged = static_cast<std::int64_t>(t.side.inspect_end_);
  std::vector<SegmentRange>& list = data.segments;
  while (data.segments_gone < list.size() && list[data.segments_gone].end <= judged) ++data.segments_gone;
  if (data.segments_gone == list.size()) {
    list.clear();
    data.segments_gone = 0;
  } else if (data.segments_gone > 64 && data.segments_gone * 2 > list.size()) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(data.segments_gone));
    data.segments_gone = 0;
  }
}

// Room for `bytes` more at the end of the window: move down, or grow to the next size.
bool TcpReassembler::reserve(Target& t, std::size_t bytes, StreamUpdate& update) {
  StreamData& data = t.data;
  const std::size_t held = t.side.window_.size();
  if (data.window_head + held + bytes <= data.window.capacity()) return true;
  if (data.window && held + bytes <= data.window.capacity() && held <= data.window_head) {
    std::memcpy(data.window.data(), data.window.data() + data.window_head, held);  // at most once per byte kept
  } else {
    PooledBuffer larger = pool_.take(std::max(kSmallestWindow, held + bytes + held / 2));
    if (!larger) {
      counters_.reassembly_memcap_drops.add();
      update.events.add(StreamEvent::reassembly_insert_memcap);
      return false;
    }
    if (held > 0) std::memcpy(larger.data(), data.window.data() + data.window_head, held);
    data.window = std::move(larger);
  }
  data.window_head = 0;
  t.side.window_ = {data.window.data(), held};
  return true;
}

// Bytes that continue the stream: shown in place first, then kept in the window (reserve() came before).
void TcpReassembler::deliver(Target& t, ByteSpan bytes) {
  StreamSide& side = t.side;
  listener_.on_data(t.flow, t.direction, side.delivered_end_, bytes);
  Byte* window = t.data.window.data() + t.data.window_head;
  std::memcpy(window + side.window_.size(), bytes.data(), bytes.size());
  side.window_ = {window, side.window_.size() + bytes.size()};
  side.delivered_end_ += bytes.size();
}

// Blocks that have become the stream's continuation.
void TcpReassembler::drain_blocks(Target& t, StreamUpdate& update) {
  std::vector<StreamBlock>& blocks = t.data.blocks;
  std::size_t taken = 0;
  while (taken < blocks.size() && blocks[taken].begin == t.side.delivered_end_) {
    StreamBlock& block = blocks[taken];
    const auto size = static_cast<std::size_t>(block.end - block.begin);
    if (!reserve(t, size, update)) break;  // stays: a later acknowledgment tries again
    deliver(t, {block.at(block.begin), size});
    ++taken;
  }
  blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(taken));
}

// What is missing before `limit` will not come. Everything before a gap may be judged when on_gap is called,
// and the window begins anew behind it.
void TcpReassembler::give_up_holes(Target& t, std::uint64_t limit, StreamUpdate& update) {
  StreamSide& side = t.side;
  std::vector<StreamBlock>& blocks = t.data.blocks;
  while (side.delivered_end_ < limit) {
    drain_blocks(t, update);
    if (side.delivered_end_ >= limit) break;
    std::uint64_t next = limit;
    if (!blocks.empty()) {
      // A block still standing at the delivered end found no memory: its bytes are lost.
      if (blocks.front().begin == side.delivered_end_) blocks.erase(blocks.begin());
      if (!blocks.empty()) next = std::min(next, blocks.front().begin);
    }
    side.inspect_end_ = side.delivered_end_;
    side.had_gap_ = true;
    const std::uint64_t length = next - side.delivered_end_;
    counters_.gaps.add();
    counters_.gap_bytes.add(length);
    update.events.add(StreamEvent::reassembly_seq_gap);
    listener_.on_gap(t.flow, t.direction, side.delivered_end_, length);
    side.delivered_end_ = side.window_begin_ = next;
    side.window_ = {};
    t.data.window_head = 0;
    drain_blocks(t, update);
  }
}

void TcpReassembler::acknowledge(Target& t, std::uint32_t ack, StreamUpdate& update) {
  StreamData& data = t.data;
  if (!data.has_base) return;
  const std::int64_t offset = offset_of(t, ack);
  if (offset <= static_cast<std::int64_t>(data.acked)) return;
  data.acked = static_cast<std::uint64_t>(offset);
  if (data.fin_offset != UINT64_MAX && data.acked == data.fin_offset + 1)
    data.acked = data.fin_offset;  // the FIN's own number
  const std::uint64_t seen = data.blocks.empty() ? t.side.delivered_end_ : data.blocks.back().end;
  if (data.acked > seen) counters_.acknowledged_unseen.add();
  give_up_acknowledged(t, update);
  advance_inspection(t);
}

// Holes that the peer has acknowledged and behind which something stands. One with nothing behind it may still be
// filled: captures show acknowledgments before the data they are for.
void TcpReassembler::give_up_acknowledged(Target& t, StreamUpdate& update) {
  if (t.data.blocks.empty()) return;
  std::uint64_t limit = std::min(t.data.acked, t.data.blocks.back().end);
  if (settings_.depth_bytes != 0) limit = std::min<std::uint64_t>(limit, settings_.depth_bytes);
  give_up_holes(t, limit, update);
}

void TcpReassembler::advance_inspection(Target& t) const {
  StreamSide& side = t.side;
  const std::uint64_t to = arrival() ? side.delivered_end_ : std::min(t.data.acked, side.delivered_end_);
  side.inspect_end_ = std::max(side.inspect_end_, to);
  forget_judged(t);
}

void TcpReassembler::set_end(Target& t, std::uint32_t fin_seq) {
  if (!t.data.has_base) start(t.data, fin_seq);
  const std::int64_t offset = offset_of(t, fin_seq);
  if (offset >= static_cast<std::int64_t>(t.data.acked)) t.data.fin_offset = static_cast<std::uint64_t>(offset);
}

void TcpReassembler::forget(Target& t) {
  StreamSide& side = t.side;
  if (side.delivered_end_ != 0) listener_.on_rewind(t.flow, t.direction, 0);
  side.delivered_end_ = side.inspect_end_ = side.window_begin_ = side.released_ = 0;
  side.window_ = {};
  side.depth_reached_ = false;
  t.data.window_head = 0;
  t.data.blocks.clear();
  t.data.segments.clear();
  t.data.segments_end = 0;
  t.data.segments_gone = 0;
  t.data.acked = 0;
}

void TcpReassembler::flush(Target& t, StreamUpdate& update) {
  drain_blocks(t, update);
  if (!t.data.blocks.empty()) give_up_holes(t, t.data.blocks.back().end, update);
  t.side.inspect_end_ = t.side.delivered_end_;
  forget_judged(t);
}

void TcpReassembler::trim(StreamSide& side, StreamData& data) const {
  const std::uint64_t open = arrival() ? std::min(data.acked, side.delivered_end_) : side.inspect_end_;
  const std::uint64_t keep = saturating_sub(std::min(side.released_, open), settings_.look_back_bytes);
  if (keep > side.window_begin_) {
    const std::uint64_t drop = std::min<std::uint64_t>(keep - side.window_begin_, side.window_.size());
    side.window_ = side.window_.subspan(drop);
    side.window_begin_ += drop;
    data.window_head += drop;
  }
  const bool finished =
      side.window_.empty() || (side.released_ >= side.delivered_end_ && (side.depth_reached_ || side.closed_) &&
                               side.inspect_end_ == side.delivered_end_);
  if (!finished) return;
  data.window.give_back();
  data.window_head = 0;
  side.window_ = {};
  side.window_begin_ = side.delivered_end_;
}

// The stream and every block far from what comes before it.
void TcpReassembler::count_regions(Target& t) {
  std::uint32_t regions = 1;
  std::uint64_t end = t.side.delivered_end_;
  for (const StreamBlock& block : t.data.blocks) {
    if (block.begin > end + kRegionDistance) ++regions;
    end = block.end;
  }
  t.data.max_regions = std::max(t.data.max_regions, regions);
}

}  // namespace bulkhead::stream
