// A bounded queue of records with a thread that hands them to a transport.
//
//   output thread -- push --> [records, bytes] -- batches --> Transport
//
// Thread   push() by one thread (the output thread), which never waits; health() by any.
// Limits   QueueSettings: records and bytes that wait. A record that finds the queue full is lost and counted.
// Failure  what cannot be sent stays in the queue while the connection is made again (after 100 ms, then twice
//          as long each time, up to 5 s). So after a break a record can arrive twice, and what a socket had taken
//          when its reader died is gone without a count: use Kafka or Redis where that matters, they acknowledge.
// Books    pushed = written + sum of lost + waiting (waiting counts what is in flight).
// Tests    tests/unit/datapath/output/queued_output_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "datapath/output/event_sink.h"
#include "datapath/output/transport.h"

namespace bulkhead::output {

struct QueueSettings {
  std::size_t records = 16384;
  std::size_t bytes = 32U << 20;
  std::chrono::milliseconds drain{2000};  // at the end: how long what waits may still be sent
};

class QueuedOutput {
 public:
  QueuedOutput(std::unique_ptr<Transport> transport, QueueSettings settings);
  ~QueuedOutput();  // finish()
  QueuedOutput(const QueuedOutput&) = delete;
  QueuedOutput& operator=(const QueuedOutput&) = delete;

  // Errors: settings that the transport refuses. A receiver that is away is none: it is tried again.
  [[nodiscard]] Status start();
  // False: the queue is full, the record is lost and counted.
  bool push(const OutputRecord& record);
  // Sends what waits for at most `drain`, then ends the thread. Idempotent.
  void finish();

  [[nodiscard]] SinkHealth health() const;
  [[nodiscard]] std::string describe() const { return transport_->describe(); }

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  void take_batch();
  bool connect();
  void send_batch();
  void lose_the_rest();
  void set_state(bool connected, const std::string& error);
  [[nodiscard]] bool ending() const { return ending_.load(std::memory_order_acquire); }

  const std::unique_ptr<Transport> transport_;
  const QueueSettings settings_;
  std::thread thread_;
  std::atomic<bool> ending_{false};

  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<OutputRecord> queue_;
  std::size_t waiting_bytes_ = 0;    // of the queue and of the batch
  std::size_t waiting_records_ = 0;  // the same
  bool connected_ = false;
  std::string error_;
  Clock::time_point end_{};

  Counter pushed_;
  LossCounters not_queued_;  // counted by who pushes
  Tally tally_;              // by the thread
  // The thread's own.
  std::vector<OutputRecord> batch_;
  bool usable_ = false;
  Clock::time_point retry_at_{};
  std::chrono::milliseconds pause_{0};
};

}  // namespace bulkhead::output
