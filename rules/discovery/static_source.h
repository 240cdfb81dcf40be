// Workloads listed by the operator; the file is read by config/load/inventory_yaml.
//
// Thread   control thread. Limits  none. Errors  none.
// Tests    tests/unit/rules/discovery/inventory_test.cpp
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/discovery/workload_source.h"

namespace bulkhead::rules {

class StaticSource : public WorkloadSource {
 public:
  explicit StaticSource(InventoryPtr inventory) : inventory_(std::move(inventory)) {}
  [[nodiscard]] const char* name() const override { return "static"; }
  [[nodiscard]] Result<InventoryPtr> read() override { return inventory_; }
  // After a reload of the file.
  void replace(InventoryPtr inventory) { inventory_ = std::move(inventory); }
  // Interfaces that the list names and this network namespace lacks.
  [[nodiscard]] std::vector<std::string> missing_interfaces() const;

 private:
  InventoryPtr inventory_;
};

}  // namespace bulkhead::rules
