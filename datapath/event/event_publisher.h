// The worker's way out for events: implemented by the output side, so that the packet pipeline does
// not know where events go.
//
// Thread   one publisher object per worker; all calls by that worker.
// Limits   what happens when the output is slow is the implementation's business: replay waits, live
//          counts a loss.
#pragma once

#include <cstdint>

#include "datapath/event/event.h"

namespace bulkhead::event {

class EventPublisher {
 public:
  EventPublisher() = default;
  EventPublisher(const EventPublisher&) = delete;
  EventPublisher& operator=(const EventPublisher&) = delete;
  virtual ~EventPublisher() = default;
  virtual void publish(Event&& event) = 0;
  // Every later event of this worker has order.packet >= packet_number (replay ordering).
  virtual void watermark(std::uint64_t packet_number) = 0;
};

}  // namespace bulkhead::event
