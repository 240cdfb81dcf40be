// Where events go: EVE file, netlink multicast. One sink object serves one output thread.
//
// Thread   the output thread alone, but for reopen() (any thread, async-signal context excluded).
// Errors   write() never throws; a failed write is counted in SinkHealth and retried at reopen.
// Tests    tests/unit/datapath/output/
#pragma once

#include <cstdint>
#include <string>

#include "datapath/base/result.h"
#include "datapath/event/event.h"
#include "datapath/output/loss.h"

namespace bulkhead::output {

struct SinkHealth {
  std::uint64_t written = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;     // events that could not be written
  Losses losses{};            // the same by reason, where there is more than one
  std::uint64_t waiting = 0;  // in a queue of its own, or not acknowledged yet
  bool connected = true;
  std::string last_error;
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  [[nodiscard]] virtual Status open() = 0;
  virtual void write(const event::Event& event) = 0;
  virtual void flush() = 0;
  virtual void reopen() {}  // log rotation: takes effect before the next write
  [[nodiscard]] virtual SinkHealth health() const = 0;
};

}  // namespace bulkhead::output
