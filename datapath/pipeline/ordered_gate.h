// SharedGate of a replay with several workers: shared state is touched in packet order.
//
// Progress of a worker is the number of the packet it is at; everything before is done.
// Thread   enter() by workers; advance() by the worker whose progress it is.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "datapath/pipeline/shared_gate.h"

namespace bulkhead::pipeline {

class OrderedGate final : public SharedGate {
 public:
  explicit OrderedGate(std::size_t workers) : count_(workers), progress_(std::make_unique<Progress[]>(workers)) {}

  [[nodiscard]] std::unique_lock<std::mutex> enter(std::uint64_t packet_number) override {
    for (std::size_t i = 0; i < count_; ++i) {
      // The caller's own progress equals packet_number, so it never waits for itself.
      while (progress_[i].at.load(std::memory_order_acquire) < packet_number) std::this_thread::yield();
    }
    return std::unique_lock(mutex_);
  }

  void advance(std::size_t worker, std::uint64_t packet_number) override {
    progress_[worker].at.store(packet_number, std::memory_order_release);
  }

 private:
  struct alignas(64) Progress {
    std::atomic<std::uint64_t> at{0};
  };
  const std::size_t count_;
  std::unique_ptr<Progress[]> progress_;
  std::mutex mutex_;
};

}  // namespace bulkhead::pipeline
