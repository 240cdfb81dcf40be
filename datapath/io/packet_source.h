// Where packets come from: a capture file, a tap ring, an inline queue. One source object serves one
// worker; live sources make one per fanout member.
//
// Thread   receive() and release() by the owning worker; stats() by any thread.
// Out      receive(): up to batch.packets.capacity() packets, or kTimeout / kEnd / kError.
// Limits   one batch out at a time: release() it before the next receive().
// Errors   open() and a failed receive() give an Error with operation, object and errno.
// Tests    tests/unit/datapath/io/
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "datapath/base/result.h"
#include "datapath/io/packet_batch.h"

namespace bulkhead::io {

inline constexpr std::size_t kMaxBatch = 256;  // of sources that carry verdicts back

struct SourceCapabilities {
  bool live = false;            // wall clock; packets are lost when we are slow
  bool file = false;            // ends by itself
  bool inline_verdict = false;  // release() carries verdicts back
  bool multi_queue = false;
  bool stable_bytes = false;  // packet bytes outlive release(): they stay until the source is closed (mapped file)
};

struct SourceStats {
  std::uint64_t received = 0;         // packets handed to the worker
  std::uint64_t received_bytes = 0;   // captured bytes of these
  std::uint64_t kernel_drops = 0;     // lost before us (ring full)
  std::uint64_t kernel_freezes = 0;   // times the ring was full
  std::uint64_t waiting = 0;          // on their way to us
  std::uint64_t truncated = 0;        // captured < wire length
  std::uint64_t invalid_records = 0;  // corrupt capture records skipped or stopped at
  std::uint64_t sent = 0;             // by those who send what they were given (wires)
  std::uint64_t send_drops = 0;       // accepted, but the other side did not take it
};

enum class ReceiveStatus : std::uint8_t { kPackets, kTimeout, kEnd, kError };

class PacketSource {
 public:
  PacketSource() = default;
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;
  virtual ~PacketSource() = default;

  [[nodiscard]] virtual SourceCapabilities capabilities() const = 0;
  [[nodiscard]] virtual Status open() = 0;
  [[nodiscard]] virtual ReceiveStatus receive(PacketBatch& batch, std::chrono::milliseconds timeout) = 0;
  virtual void release(PacketBatch& batch) = 0;
  [[nodiscard]] virtual SourceStats stats() const = 0;
  // The reason of the last kError.
  [[nodiscard]] virtual const Error& last_error() const = 0;
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace bulkhead::io
