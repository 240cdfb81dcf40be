// What the operator sets about an inline queue of netfilter.
//
// Memory   batch_packets * 66 KiB per worker for received packets, and receive_buffer_bytes of kernel memory.
#pragma once

#include <chrono>
#include <cstdint>

namespace bulkhead::io {

struct NfqueueSettings {
  std::uint16_t queue = 0;
  // The queue is full: packets pass unseen (open) or are lost (closed). What happens without a reader is the
  // business of the rule that fills the queue.
  bool fail_open = true;
  std::uint32_t max_packets = 4096;                // waiting for a verdict, in the kernel
  std::uint32_t receive_buffer_bytes = 64U << 20;  // of the socket: super-packets are up to 64 KiB each
  std::uint32_t batch_packets = 32;                // received, and judged, at once
  std::chrono::microseconds gather{20};  // under many packets: waited between batches that are small; 0: never
  std::uint32_t decided_mark = 0, decided_mask = 0;  // packet mark of what need not come again; mask 0: none
};

}  // namespace bulkhead::io
