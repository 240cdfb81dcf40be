// Names and labels of workloads for EVE records.
//
//   {"name":"shop/web-1","labels":{"app":"web"}}
//
// Thread   use() by the control thread; json_of() by the output thread.
// Limits   kMostKept addresses are kept as text; at more the texts are made anew.
// Tests    tests/unit/config/daemon/workload_labels_test.cpp
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "datapath/output/workload_names.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::config {

class WorkloadLabels final : public output::WorkloadNames {
 public:
  static constexpr std::size_t kMostKept = 65536;

  // From now on; events that were made before are named by it too.
  void use(rules::InventoryPtr inventory);
  [[nodiscard]] std::string_view json_of(const IpAddress& address) override;

 private:
  std::mutex mutex_;
  rules::InventoryPtr next_;  // by use(); the output thread takes it
  bool changed_ = false;
  // The output thread's.
  rules::InventoryPtr inventory_;
  std::unordered_map<IpAddress, std::string, rules::IpAddressHash> texts_;
};

}  // namespace bulkhead::config
