// What each workload may do, told when it is first seen and when it changes: event_type "posture".
//
// Thread   one, the control thread. Limits  one entry a workload of the inventory; those that are gone are forgotten.
// Tests    tests/unit/config/daemon/posture_watch_test.cpp, tests/docker/
#pragma once

#include <map>
#include <string>
#include <vector>

#include "datapath/event/event.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::config {

class PostureWatch {
 public:
  // A workload about which nothing is to be said is told only when there was something before.
  [[nodiscard]] std::vector<event::AppEvent> changes(const rules::Inventory& inventory, Timestamp now);

 private:
  std::map<std::string, std::vector<rules::PostureFinding>> known_;
};

[[nodiscard]] event::AppEvent posture_event(const rules::Workload& workload,
                                            const std::vector<rules::PostureFinding>& findings, Timestamp now);

}  // namespace bulkhead::config
