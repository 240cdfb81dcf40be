// Runs live sources, one worker thread each, until stopped.
//
// Thread   start(), stop() and use() by the control thread; stats() by any thread.
// Order    none between workers; each worker's events are in order.
// Reload   use() hands over a new snapshot; each worker takes it before its next batch and reports the
//          generation; the old one is freed when the last worker has moved on.
// Errors   a source that fails ends its worker; failed() tells, with the error.
// Tests    tests/netns/
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "datapath/io/packet_source.h"
#include "datapath/pipeline/worker.h"

namespace bulkhead::pipeline {

class Live {
 public:
  // One source and one publisher per worker; all must outlive this object.
  Live(const PipelineSettings& settings, std::vector<io::PacketSource*> sources,
       std::vector<event::EventPublisher*> publishers, ResponseSink* response);
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  void start(SnapshotPtr snapshot);
  void use(SnapshotPtr snapshot);
  // Lets the workers finish their batch, give every flow its last look, and end.
  void stop();

  [[nodiscard]] bool failed(Error* why) const;
  // Oldest generation that a worker still uses.
  [[nodiscard]] std::uint32_t oldest_generation() const;
  [[nodiscard]] event::CounterList stats() const;
  [[nodiscard]] std::vector<std::pair<std::string, event::CounterList>> thread_stats() const;  // by worker

 private:
  struct Lane;
  void run(Lane& lane);

  const PipelineSettings settings_;
  std::unique_ptr<SharedGate> gate_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  mutable std::mutex snapshot_mutex_;
  SnapshotPtr snapshot_;
  std::atomic<std::uint32_t> wanted_generation_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace bulkhead::pipeline
