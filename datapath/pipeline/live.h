// Runs live sources, one worker thread each, until stopped.
//
// Thread   start(), stop() and use() by the control thread; stats() by any thread.
// Order    none between workers; each worker's events are in order.
// Reload   use() hands over a new snapshot; each worker takes it before its next batch and reports the
//          generation; the old one is freed when the last worker has moved on.
// Flows    flows() asks every worker for copies; each answers between two batches (one atomic load a batch otherwise).
// Errors   a source that fails ends its worker; failed() tells, with the error.
// Tests    tests/netns/
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "datapath/io/packet_source.h"
#include "datapath/pipeline/flow_record.h"
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

  // `confine`: what each worker does first of all, to give up rights; one that fails ends it.
  void start(SnapshotPtr snapshot, std::function<Status()> confine = {});
  void use(SnapshotPtr snapshot);
  // Lets the workers finish their batch, give every flow its last look, and end.
  void stop();

  [[nodiscard]] bool failed(Error* why) const;
  // Oldest generation that a worker still uses.
  [[nodiscard]] std::uint32_t oldest_generation() const;
  // How often each worker has gone round; one that stands still for seconds hangs.
  [[nodiscard]] std::vector<std::uint64_t> rounds() const;
  // Nothing of the workers is of an earlier one.
  [[nodiscard]] std::uint32_t settled_generation() const;
  [[nodiscard]] event::CounterList stats() const;
  [[nodiscard]] std::vector<std::pair<std::string, event::CounterList>> thread_stats() const;  // by worker
  // The flows of all workers, the most recently used first, at most `most` of each worker. A worker that does not
  // answer in time (it is busy with a batch) is left out; `complete` tells. One caller at a time; others wait.
  [[nodiscard]] std::vector<FlowRecord> flows(std::size_t most, std::chrono::milliseconds patience,
                                              bool* complete = nullptr);

 private:
  struct Lane;
  void run(Lane& lane);
  void give_flows(Lane& lane, std::uint32_t asked);

  const PipelineSettings settings_;
  std::function<Status()> confine_;
  std::unique_ptr<SharedGate> gate_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  mutable std::mutex snapshot_mutex_;
  SnapshotPtr snapshot_;
  std::atomic<std::uint32_t> wanted_generation_{0};
  std::atomic<bool> stop_{false};
  std::mutex asking_;  // one asks at a time
  std::mutex flows_mutex_;
  std::condition_variable flows_given_;
  std::atomic<std::uint32_t> flows_asked_{0};
  std::size_t flows_most_ = 0;
};

}  // namespace bulkhead::pipeline
