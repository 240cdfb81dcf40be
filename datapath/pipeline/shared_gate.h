// Order for state that all workers share (thresholds by address, host bits, datasets).
//
// A replay must give the same output for any number of workers, so a worker that is about to touch
// shared state on behalf of packet n waits until every other worker is past all packets before n.
// Touching shared state happens only after a rule has matched, so the wait is rare; the worker with
// the lowest packet number never waits, so there is no deadlock. Live workers do not wait.
//
// Thread   enter() by workers; progress is published by workers and by the dispatcher.
#pragma once

#include <cstdint>
#include <mutex>

#include "datapath/app/app_shared.h"

namespace bulkhead::pipeline {

class SharedGate {
 public:
  SharedGate() = default;
  SharedGate(const SharedGate&) = delete;
  SharedGate& operator=(const SharedGate&) = delete;
  virtual ~SharedGate() = default;
  // Blocks until `packet_number` is the oldest packet in flight (replay), then holds the lock.
  [[nodiscard]] virtual std::unique_lock<std::mutex> enter(std::uint64_t packet_number) = 0;
  // Worker `worker` has done everything before `packet_number`.
  virtual void advance(std::size_t worker, std::uint64_t packet_number) {
    static_cast<void>(worker);
    static_cast<void>(packet_number);
  }
  // Connections that were announced, files in parts: known to all workers, whichever one they come to.
  [[nodiscard]] app::AppShared& app_shared() { return app_shared_; }

 private:
  app::AppShared app_shared_;
};

// At the end of input flows end in the order of their first packets: they enter the gate as packet
// kEndOfInput + first packet, after every real packet.
inline constexpr std::uint64_t kEndOfInput = std::uint64_t{1} << 62;

// For a single worker and for live capture: mutual exclusion only.
class UnorderedGate final : public SharedGate {
 public:
  [[nodiscard]] std::unique_lock<std::mutex> enter(std::uint64_t) override { return std::unique_lock(mutex_); }

 private:
  std::mutex mutex_;
};

}  // namespace bulkhead::pipeline
