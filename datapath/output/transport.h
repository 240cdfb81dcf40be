// How records reach one receiver: a socket, syslog, Kafka, Redis. A QueuedOutput owns one and calls it on its own
// thread, so a transport may wait (a second at a time, so that the program can end).
//
// Thread   the queue's thread alone, but for prepare().
// Books    every record that send() takes is told to the Tally once: written or lost, then or later.
// Tests    tests/unit/datapath/output/queued_output_test.cpp and the tests of each transport
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "datapath/base/result.h"
#include "datapath/output/loss.h"
#include "datapath/output/output_record.h"

namespace bulkhead::output {

// What became of records; one writer, any readers.
class Tally {
 public:
  void written(std::size_t bytes) {
    written_.add();
    bytes_.add(bytes);
  }
  void lost(LossReason reason) { losses_.add(reason); }

  [[nodiscard]] std::uint64_t written_count() const { return written_.value(); }
  [[nodiscard]] std::uint64_t byte_count() const { return bytes_.value(); }
  [[nodiscard]] const LossCounters& losses() const { return losses_; }

 private:
  Counter written_, bytes_;
  LossCounters losses_;
};

struct SendResult {
  std::size_t taken = 0;        // from the front of the batch; the rest is offered again
  std::optional<Error> broken;  // the connection is of no more use: connect() comes next
};

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Once, before the thread: what is wrong with the settings. Needs no receiver.
  [[nodiscard]] virtual Status prepare() { return ok(); }
  // Before the first send() and after one that broke.
  [[nodiscard]] virtual Status connect() = 0;
  // Taking nothing without breaking means: the receiver is slow, the same records come again.
  [[nodiscard]] virtual SendResult send(std::span<const OutputRecord> batch, Tally& tally) = 0;
  // Between batches, and while there are none: work that does not wait for records.
  virtual void serve(Tally& tally) { static_cast<void>(tally); }
  // Records that were taken and are not in the tally yet.
  [[nodiscard]] virtual std::size_t in_flight() const { return 0; }
  // The last chance: what is in flight and does not come through until then is lost.
  virtual void finish(Tally& tally) { static_cast<void>(tally); }
  // "unix socket /run/eve.sock"
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace bulkhead::output
