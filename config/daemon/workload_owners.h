// Who owns an address, and whether a packet came in by its owner's port: for the response.
//
// Thread   use() by the control thread; the rest by the block thread.
// Ports    a packet identifies its sender where the guard of ports is on (it drops what a port must not send) and the
// packet
//          was read on a port of the workload that owns the source. Read on a bridge it identifies nobody.
// Tests    tests/unit/config/daemon/workload_owners_test.cpp
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "rules/block/response_ladder.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::config {

class WorkloadOwners {
 public:
  void use(rules::InventoryPtr inventory);
  void guarded(bool on) { guarded_.store(on, std::memory_order_relaxed); }

  // For a ladder, which this outlives.
  [[nodiscard]] rules::Neighbourhood neighbourhood();

 private:
  [[nodiscard]] rules::InventoryPtr inventory() const;
  [[nodiscard]] const rules::Owner* owner_of(const IpAddress& address);
  [[nodiscard]] bool by_own_port(const IpAddress& source, std::uint32_t interface) const;

  mutable std::mutex mutex_;
  rules::InventoryPtr inventory_;
  std::atomic<bool> guarded_{false};
  rules::Owner answer_;  // of the last question; the block thread's
};

}  // namespace bulkhead::config
