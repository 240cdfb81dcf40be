// Connections that a conversation has announced (FTP: PORT, PASV): when one comes, it is known what it is.
//
//   address pair + port of the side that listens  ->  protocol, what is carried
//
// A control and its data connection may be with different workers of a live run, so the table is one for all; each
// asks only while something is expected. In a replay both are with the same worker, because packets are dealt by
// address pair: an announcement is always there before its connection, whatever the number of workers.
//
// Thread   any worker; a lock, behind a counter that is read without.
// Limits   kPerPair for an address pair (the oldest goes), kMax in all (more are refused, counted), kLifetime.
// Tests    tests/unit/datapath/app/expected_flows_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "datapath/app/application_protocol.h"
#include "datapath/base/counters.h"
#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::app {

struct ExpectedFlow {
  AppProtocol protocol = AppProtocol::kUnknown;
  std::string command, file_name;
  std::uint64_t parent = 0;  // id of the flow that announced it
};

class ExpectedFlows {
 public:
  static constexpr std::size_t kPerPair = 10, kMax = 16384;
  static constexpr std::chrono::seconds kLifetime{30};

  // A connection between the two ends of `control`, to `port` of either.
  void add(const FlowTuple& control, std::uint16_t port, ExpectedFlow what, Timestamp now);
  // Is this connection expected? It then is no longer.
  [[nodiscard]] std::optional<ExpectedFlow> take(const FlowTuple& client, Timestamp now);
  [[nodiscard]] std::uint64_t refused() const { return refused_.value(); }
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  using Pair = std::pair<IpAddress, IpAddress>;  // the lesser first
  struct Entry {
    std::uint16_t port = 0;
    Timestamp until;
    ExpectedFlow what;
  };
  static Pair pair_of(const FlowTuple& tuple);
  void sweep(Timestamp now);
  void set_size(std::size_t size) { size_.store(size, std::memory_order_release); }

  std::atomic<std::size_t> size_{0};
  std::mutex mutex_;
  std::map<Pair, std::deque<Entry>> pairs_;
  Counter refused_;
};

}  // namespace bulkhead::app
