// What the tracker keeps of a connection. Only datapath/stream includes this.
//
// Thread   the worker owning the flow.
// Source   RFC 9293 3.3.1 (variables), 7323 (scale, timestamps), 7413 (fast open).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "datapath/base/timestamp.h"
#include "datapath/stream/tcp_reassembler.h"

namespace bulkhead::stream {

// One host, seen as sender. `window` and `next_win` are what its peer granted it.
struct Endpoint {
  std::uint32_t isn = 0;
  std::uint32_t next_seq = 0;       // after the last byte it sent in order
  std::uint32_t last_ack = 0;       // its peer has everything before this
  std::uint32_t next_win = 0;       // it may send up to here
  std::uint32_t window = 0;         // the last grant, scaled
  std::uint32_t last_ts = 0;        // its last timestamp that counted
  std::int64_t last_ts_second = 0;  // packet time of that
  std::uint8_t window_scale = 0;    // shift of the grants made to it
  bool timestamps = false;          // it sends them
  bool zero_timestamp = false;      // it began with timestamp 0
  bool sack = false;
  bool keep_alive = false;                         // its last segment was a keep-alive
  bool refused = false;                            // it answered the SYN with a RST
  bool window_probed = false;                      // its last segment was a zero window probe
  std::uint32_t urgent_taken = 0;                  // urgent bytes that were taken out of what it sends
  OverlapPolicy policy = OverlapPolicy::kWindows;  // of the host that receives what it sends
  StreamData data;
};

// A SYN or SYN/ACK that disagrees with the first one: the peer's answer shows which of them it believed.
struct QueuedSegment {
  std::uint32_t seq = 0, ack = 0;
  std::uint32_t window = 0;
  std::uint32_t ts_value = 0;
  Timestamp time;
  std::uint8_t window_scale = 0;
  bool has_timestamps = false, sack = false;
};

// Memory of sessions and of their buffers; outlives the tracker as long as a session does.
struct StreamMemory {
  explicit StreamMemory(const StreamSettings& settings)
      : buffers(settings.reassembly_memcap_bytes), session_cap(settings.session_memcap_bytes) {}
  BufferPool buffers;
  std::uint64_t session_cap;
  std::uint64_t session_bytes = 0;
};

struct TcpSessionState {
  explicit TcpSessionState(std::shared_ptr<StreamMemory> m) : memory(std::move(m)) { memory->session_bytes += kBytes; }
  ~TcpSessionState() { memory->session_bytes -= kBytes; }
  TcpSessionState(const TcpSessionState&) = delete;
  TcpSessionState& operator=(const TcpSessionState&) = delete;

  static const std::uint64_t kBytes;  // of a session with nothing in its buffers

  std::shared_ptr<StreamMemory> memory;  // first: the buffers in `ends` go back to it
  std::array<Endpoint, 2> ends;          // by the direction in which they send
  flow::TcpState state = flow::TcpState::kNone;
  flow::TcpState state_before_rst = flow::TcpState::kNone;
  bool midstream = false;
  bool midstream_synack = false;  // began with a SYN/ACK
  bool one_side_heard = false;    // midstream: the other direction has not been seen
  Direction first_heard = Direction::kToServer;
  bool async = false;                // only one direction is captured
  bool timestamps = false;           // both sides use them
  bool four_way = false;             // both sides sent a SYN
  bool fast_open = false;            // the SYN carried data
  bool client_sack = false;          // the SYN permitted SACK
  bool confirmed = false;            // the client was heard after the handshake
  bool syn_data_refused = false;     // the SYN/ACK did not acknowledge it
  std::vector<QueuedSegment> queue;  // other SYNs in SYN_SENT, other SYN/ACKs in SYN_RECV
};

}  // namespace bulkhead::stream
