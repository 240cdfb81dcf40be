// Brings the events of all workers to the sinks on one thread.
//
//   worker 0 -- EventProducer --> ring --+
//   worker 1 -- EventProducer --> ring --+--> [replay: merge by EventOrder] --> sink, sink, ...
//
// Thread   producer(i) belongs to worker i; start(), finish() to the control thread; reopen(), stats() to any.
// Order    live: as they come. Replay: by EventOrder, whatever the number of workers. An event leaves once
//          every producer's watermark is above its order.packet, so a producer may publish in any order as
//          long as order.packet >= its own last watermark. A producer that has nothing to do must still raise
//          its watermark (to the packet the dispatcher is at), else all output waits for it until finish().
// Limits   ring_capacity events per worker. Live: a full ring drops and counts. Replay: publish() waits; the
//          wait never depends on another worker, because what cannot be written yet is set aside in memory
//          (as many events as workers run apart; merge_high_water tells).
// Errors   sinks count their own losses (SinkHealth); publish() never fails.
// Tests    tests/unit/datapath/output/output_thread_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/base/result.h"
#include "datapath/event/event.h"
#include "datapath/event/event_ring.h"
#include "datapath/output/event_sink.h"
#include "datapath/output/output_settings.h"

namespace bulkhead::output {

// Lets one thread sleep until others have work for it. A ring() while nobody sleeps costs one atomic
// read-modify-write.
class Doorbell {
 public:
  void ring() {
    if (armed_.fetch_or(0, std::memory_order_acq_rel) != 0) wake();
  }
  // Returns when ready() holds, on a ring, or after `timeout`.
  template <typename Ready>
  void sleep(Ready ready, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    armed_.exchange(1, std::memory_order_acq_rel);
    if (!ready()) bell_.wait_for(lock, timeout);
    armed_.store(0, std::memory_order_relaxed);
  }

 private:
  void wake() {
    const std::lock_guard lock(mutex_);
    bell_.notify_one();
  }
  std::atomic<std::uint32_t> armed_{0};
  std::mutex mutex_;
  std::condition_variable bell_;
};

// A worker's end.
class EventProducer {
 public:
  EventProducer(const OutputSettings& settings, Doorbell& output)
      : settings_(settings), ring_(settings.ring_capacity), output_(output) {}
  EventProducer(const EventProducer&) = delete;
  EventProducer& operator=(const EventProducer&) = delete;

  // Takes the event. Live: false when it had to be dropped (counted). Replay: waits for room, always true.
  bool publish(event::Event&& event);
  // Every later event of this producer has order.packet >= packet. Never goes back; a plain store, so it may be
  // called for every packet. No effect in live mode.
  void watermark(std::uint64_t packet);
  // No more events. Also said for all producers by OutputThread::finish().
  void close() { watermark(UINT64_MAX); }

  [[nodiscard]] std::uint64_t published() const { return ring_.published(); }
  [[nodiscard]] std::uint64_t dropped() const { return ring_.dropped(); }

 private:
  friend class OutputThread;
  const OutputSettings& settings_;
  event::EventRing ring_;
  Doorbell& output_;
  Doorbell room_;
  alignas(64) std::atomic<std::uint64_t> watermark_{0};  // written for every packet
};

struct OutputStats {
  std::uint64_t published = 0;
  std::uint64_t dropped = 0;           // lost to full rings (live): counter output.dropped
  std::uint64_t written = 0;           // handed to the sinks
  std::uint64_t merge_high_water = 0;  // most events ever set aside by the merge
};

class OutputThread {
 public:
  OutputThread(const OutputSettings& settings, std::size_t producers, std::vector<std::unique_ptr<EventSink>> sinks);
  ~OutputThread();  // finish()
  OutputThread(const OutputThread&) = delete;
  OutputThread& operator=(const OutputThread&) = delete;

  // Opens the sinks, then starts the thread. On an error nothing runs.
  [[nodiscard]] Status start();
  [[nodiscard]] EventProducer& producer(std::size_t index) { return *producers_.at(index); }
  // Call after the workers have stopped publishing: writes what is left, flushes, joins. Idempotent.
  void finish();
  // Log rotation: every sink reopens before its next write.
  void reopen();

  [[nodiscard]] OutputStats stats() const;
  [[nodiscard]] const std::vector<std::unique_ptr<EventSink>>& sinks() const { return sinks_; }

 private:
  struct Pending {
    event::EventOrder order;
    std::uint64_t arrival = 0;  // keeps equal orders stable
    std::uint32_t slot = 0;
  };
  void run();
  bool drain_live();
  bool drain_replay();
  void set_aside(event::Event&& event);
  bool emit_below(std::uint64_t watermark);
  void write(const event::Event& event);
  void flush();
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] bool half_full() const;

  const OutputSettings settings_;
  std::vector<std::unique_ptr<EventSink>> sinks_;
  Doorbell doorbell_;
  std::vector<std::unique_ptr<EventProducer>> producers_;
  std::thread thread_;
  std::atomic<bool> finishing_{false};
  // Output thread only.
  std::vector<Pending> heap_;
  std::deque<event::Event> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t arrivals_ = 0;
  bool unflushed_ = false;
  std::atomic<bool> reopen_asked_{false};
  Counter written_;
  Counter merge_high_water_;
};

}  // namespace bulkhead::output
