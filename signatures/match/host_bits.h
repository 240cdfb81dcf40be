// xbits and hostbits: bits that rules set on a host or on a pair of hosts, seen by other flows.
//
// Thread   shared by all workers: call only with the SharedGate's lock held.
// Units    packet time; a bit with expiry 0 stays.
// Limits   max_entries; when full, expired bits are removed; if none is, the bit is not set (counters().full).
// Tests    tests/unit/signatures/match/host_bits_test.cpp
#pragma once

#include <cstdint>
#include <unordered_map>

#include "datapath/base/counters.h"
#include "datapath/base/timestamp.h"
#include "signatures/compile/signature.h"
#include "signatures/match/host_key.h"

namespace bulkhead::signatures {

struct HostBitCounters {
  Counter entries, full, purged;
};

class HostBitTable {
 public:
  explicit HostBitTable(std::size_t max_entries) : max_entries_(max_entries) {}

  // `name` identifies the bit across reloads (a hash of its name).
  [[nodiscard]] bool holds(const HostbitOp& op, std::uint64_t name, const IpAddress& source,
                           const IpAddress& destination, Timestamp now);
  void change(const HostbitOp& op, std::uint64_t name, const IpAddress& source, const IpAddress& destination,
              Timestamp now);
  [[nodiscard]] const HostBitCounters& counters() const { return counters_; }

 private:
  [[nodiscard]] bool is_set(const HostKey& key, Timestamp now);
  void set(const HostKey& key, Timestamp expires, Timestamp now);

  std::unordered_map<HostKey, Timestamp, HostKeyHash> bits_;  // when each expires
  const std::size_t max_entries_;
  Timestamp next_purge_;
  HostBitCounters counters_;
};

}  // namespace bulkhead::signatures
