// Workloads by what selectors ask for, so that a selector looks at few workloads instead of all.
//
// Thread   built by one thread from an immutable inventory; then read only.
// Cost     members() walks the shortest list among the requirements that name values (=, in, has), or every
//          workload when there is none.
// Rules    host-network workloads are in no list: they are their node.
// Tests    tests/unit/rules/compile/policy_compiler_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/discovery/inventory.h"
#include "rules/model/selector.h"

namespace bulkhead::rules {

class WorkloadIndex {
 public:
  using Ids = std::vector<std::uint32_t>;  // indexes in Inventory::workloads(), ascending

  explicit WorkloadIndex(const Inventory& inventory);
  [[nodiscard]] Ids members(const Selector& selector) const;
  // Workloads with a container port of this name.
  [[nodiscard]] const Ids& with_port_name(const std::string& name) const;

 private:
  [[nodiscard]] Ids candidates(const Requirement& requirement) const;
  [[nodiscard]] std::size_t candidate_count(const Requirement& requirement) const;
  [[nodiscard]] const Ids& list(const std::string& key) const;

  const std::vector<Workload>& workloads_;
  Ids all_;
  std::unordered_map<std::string, Ids> lists_;
  std::unordered_map<std::string, Ids> port_names_;
};

}  // namespace bulkhead::rules
