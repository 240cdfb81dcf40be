// What the stream engine shows to those who inspect TCP payload.
//
// Offsets  count payload bytes of one direction from 0 (the byte after the SYN, or the first byte
//          seen of a midstream flow), 64 bits, never wrap.
// Two ways to see data, both in stream order:
//   on_data   in place, straight from packet memory, each byte once, as soon as it is contiguous
//             (even before the peer acknowledged it): for streaming scans.
//   StreamSide::window()   a contiguous copy of what may still be judged, for rules that need to look
//             back: [window_begin, window_end) holds at least everything not yet released.
//   inspect_end() tells up to where data may be judged now (InspectMoment).
// Thread   the worker of the flow.
#pragma once

#include <cstdint>

#include "datapath/base/byte_reader.h"
#include "datapath/flow/flow.h"

namespace bulkhead::stream {

class StreamListener {
 public:
  StreamListener() = default;
  StreamListener(const StreamListener&) = delete;
  StreamListener& operator=(const StreamListener&) = delete;
  virtual ~StreamListener() = default;

  // `data` lies at `offset` of the direction; follows the previous call without hole unless on_gap came between.
  virtual void on_data(flow::Flow& flow, Direction direction, std::uint64_t offset, ByteSpan data) = 0;
  // `length` bytes at `offset` will never be seen (lost, or acknowledged but not captured).
  virtual void on_gap(flow::Flow& flow, Direction direction, std::uint64_t offset, std::uint64_t length) = 0;
  // Bytes from `offset` on that were already delivered have been replaced by the overlap policy; they
  // are delivered again by on_data from `offset` on. The window holds the new bytes.
  virtual void on_rewind(flow::Flow& flow, Direction direction, std::uint64_t offset) = 0;
};

}  // namespace bulkhead::stream
