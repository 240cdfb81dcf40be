// Looks for the literals of a group with Hyperscan: in a stream as it comes, or in one packet.
//
// Thread   one per worker.
// Limits   a stream keeps one entry per literal, however often it occurs; idle stream states are reused.
// Errors   a failed hs_* call is counted and leaves the flow without candidates from that data.
// Tests    tests/unit/signatures/match/scanner_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "datapath/base/counters.h"
#include "signatures/compile/signature_db.h"
#include "signatures/match/flow_state.h"
#include "signatures/match/scan_memory.h"

namespace bulkhead::signatures {

struct ScanCounters {
  Counter stream_bytes, packet_bytes, streams_opened, streams_reused, errors, hits, remembered;
};

class Scanner {
 public:
  Scanner(SignatureDbPtr db, std::size_t max_idle_streams);
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  // Next bytes of a stream; hits gain what was found. After a hole in `offset` the scan begins anew.
  void feed(StreamScan& side, const LiteralDb& literals, std::uint64_t offset, ByteSpan data);
  // Bytes from `offset` on will come again and differ: forgets what was found there and brings the scan to the
  // state after `before`, the bytes that end at `offset`.
  void rewind(StreamScan& side, const LiteralDb& literals, std::uint64_t offset, ByteSpan before);
  void close(StreamScan& side, const LiteralDb* literals);

  // Literals that occur in the packet, each once; valid until the next call. Takes stream databases too.
  std::span<const std::uint32_t> scan_packet(const LiteralDb& literals, ByteSpan data);

  [[nodiscard]] const ScanCounters& counters() const { return counters_; }

 private:
  [[nodiscard]] bool open(StreamScan& side, const LiteralDb& literals);
  static int on_stream_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                             void* context);
  static int on_packet_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                             void* context);
  void next_epoch();

  SignatureDbPtr db_;
  const std::size_t max_idle_streams_;
  HyperscanScratch scratch_;
  std::vector<std::vector<hs_stream_t*>> idle_;  // by LiteralDb::id
  StreamScan* current_ = nullptr;                // during feed()
  // Per literal: in which call it was last seen, and where its hit stands.
  std::vector<std::uint32_t> seen_;
  std::vector<std::uint32_t> slot_;
  std::uint32_t epoch_ = 0;
  std::vector<std::uint32_t> packet_hits_;
  ScanMemory memory_;
  ScanCounters counters_;
};

}  // namespace bulkhead::signatures
