// Who owns an address, as EVE JSON: {"name":"shop/web-1","labels":{"app":"web"}}. Implemented by who knows the
// workloads (config/daemon/workload_labels.h); a replay has none.
//
// Thread   the output thread.
// Tests    tests/unit/datapath/output/eve_json_test.cpp
#pragma once

#include <string_view>

#include "datapath/base/ip_address.h"

namespace bulkhead::output {

class WorkloadNames {
 public:
  WorkloadNames() = default;
  WorkloadNames(const WorkloadNames&) = delete;
  WorkloadNames& operator=(const WorkloadNames&) = delete;
  virtual ~WorkloadNames() = default;
  // Complete JSON, or empty: nobody is known there. Valid until the next call.
  [[nodiscard]] virtual std::string_view json_of(const IpAddress& address) = 0;
};

}  // namespace bulkhead::output
