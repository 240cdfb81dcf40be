#include "rules/discovery/static_source.h"

#include <net/if.h>

namespace bulkhead::rules {

std::vector<std::string> StaticSource::missing_interfaces() const {
  std::vector<std::string> missing;
  for (const Workload& workload : inventory_->workloads()) {
    if (!workload.interface.empty() && ::if_nametoindex(workload.interface.c_str()) == 0) {
      missing.push_back(workload.interface);
    }
  }
  return missing;
}

}  // namespace bulkhead::rules
