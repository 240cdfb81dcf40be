// Where workloads come from: a static file now, engines and orchestrators beside it.
//
// Thread   read() on the control thread.
// Errors   the environment lane: Result with object and errno; the caller keeps the last inventory.
#pragma once

#include "datapath/base/result.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::rules {

class WorkloadSource {
 public:
  virtual ~WorkloadSource() = default;
  [[nodiscard]] virtual const char* name() const = 0;
  // The whole inventory as it is now.
  [[nodiscard]] virtual Result<InventoryPtr> read() = 0;
  // Descriptor that becomes readable when read() would answer something new; -1: never by itself.
  [[nodiscard]] virtual int event_fd() const { return -1; }
};

}  // namespace bulkhead::rules
