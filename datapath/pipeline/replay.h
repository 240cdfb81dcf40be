// Runs capture files through one or more workers. The output does not depend on their number.
//
//   files --> dispatcher (the caller's thread) --> ring --> worker 0 --> publisher 0
//                                              --> ring --> worker 1 --> publisher 1
// With one worker everything runs on the caller's thread.
//
// Thread   run() blocks the caller; request_stop() from anywhere.
// Order    packet numbers count on over several files; packet time never runs backwards; a tick reaches every
//          worker before the first packet of each new second of packet time.
// Limits   kQueueBatches batches wait per worker; a full queue makes the dispatcher wait (nothing is lost).
// Errors   a capture that breaks off ends with its error in ReplayResult; what came before counts.
// Tests    tests/unit/datapath/pipeline/replay_test.cpp, tests/differential/
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datapath/io/packet_source.h"
#include "datapath/pipeline/worker.h"

namespace bulkhead::pipeline {

struct ReplayResult {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  Timestamp first, last;
  std::vector<Error> errors;                                        // one per broken capture
  event::CounterList stats;                                         // all workers summed, sorted by name
  std::vector<std::pair<std::string, event::CounterList>> threads;  // of each worker
};

class Replay {
 public:
  // One publisher per worker, in order; they must outlive run().
  Replay(const PipelineSettings& settings, std::vector<event::EventPublisher*> publishers);
  ~Replay();

  // `progress` is called now and then with packets and bytes so far; may be empty.
  ReplayResult run(const std::vector<std::unique_ptr<io::PacketSource>>& sources, const SnapshotPtr& snapshot,
                   const std::function<void(std::uint64_t packets, std::uint64_t bytes)>& progress);
  void request_stop() { stop_.store(true, std::memory_order_relaxed); }

 private:
  class Lane;
  void run_alone(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                 const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  void run_dispatched(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                      const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  template <typename OnBatch>
  void read_all(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                const std::function<void(std::uint64_t, std::uint64_t)>& progress, OnBatch on_batch);

  const PipelineSettings settings_;
  std::vector<event::EventPublisher*> publishers_;
  std::unique_ptr<SharedGate> gate_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> stop_{false};
};

// Adds up (name, value) pairs of equal name (of largest values: keeps the largest; makes averages) and sorts by name.
[[nodiscard]] event::CounterList sum_stats(event::CounterList all);
// "W#01", ...
[[nodiscard]] std::string worker_name(std::size_t index);

// pcap-file.checksum-checks auto: whether checks stay on after the sample. True unless at least a
// tenth of the first kChecksumSample packets have bad TCP or UDP checksums.
inline constexpr std::uint64_t kChecksumSample = 1000;

}  // namespace bulkhead::pipeline
