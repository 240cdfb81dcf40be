// The queue of events from one worker to the output thread; counts what it had to refuse.
//
// Thread   push() by the worker, pop() by the output thread, counters by anyone.
// Limits   `capacity` events (rounded up to a power of two); a full ring refuses and leaves the event untouched.
// Tests    tests/unit/datapath/event/event_ring_test.cpp
#pragma once

#include <cstdint>
#include <utility>

#include "datapath/base/counters.h"
#include "datapath/base/spsc_ring.h"
#include "datapath/event/event.h"

namespace bulkhead::event {

class EventRing {
 public:
  explicit EventRing(std::size_t capacity) : ring_(capacity) {}

  // Live: a full ring loses the event and counts it.
  bool push_or_drop(Event&& event) {
    if (try_push(std::move(event))) return true;
    dropped_.add();
    return false;
  }
  // Replay: the caller waits and tries again.
  [[nodiscard]] bool try_push(Event&& event) {
    if (!ring_.push(std::move(event))) return false;
    published_.add();
    return true;
  }
  [[nodiscard]] bool pop(Event& out) { return ring_.pop(out); }

  [[nodiscard]] std::size_t capacity() const { return ring_.capacity(); }
  [[nodiscard]] std::size_t size() const { return ring_.size(); }
  [[nodiscard]] std::uint64_t published() const { return published_.value(); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.value(); }

 private:
  SpscRing<Event> ring_;
  Counter published_;
  Counter dropped_;
};

}  // namespace bulkhead::event
