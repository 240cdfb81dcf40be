// Peers to addresses.
//
// Thread   control thread; one resolver for one compilation, it remembers selectors and sets.
// Rules    host-network workloads count as nodes; families stay apart.
// Tests    tests/unit/rules/compile/policy_compiler_test.cpp
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/compile/address_set.h"
#include "rules/compile/workload_index.h"
#include "rules/model/policy.h"

namespace bulkhead::rules {

class PeerResolver {
 public:
  PeerResolver(const PolicyModel& model, const Inventory& inventory, const WorkloadIndex& index);

  // Any of the peers; none: every address. `subject` is the guarded workload; null: peers that depend on
  // it are nobody.
  [[nodiscard]] AddressSet resolve(const std::vector<Peer>& peers, const Workload* subject);
  // Addresses of the node that carries the workload.
  [[nodiscard]] AddressSet own_node(const Workload& subject) const;

  [[nodiscard]] static AddressSet addresses_of(const std::vector<IpAddress>& addresses);
  // Which parts of the guarded workload these peers depend on.
  struct Needs {
    bool name_space = false;
    bool node = false;
  };
  [[nodiscard]] static Needs needs(const std::vector<Peer>& peers);

 private:
  [[nodiscard]] AddressSet resolve(const Peer& peer, const Workload* subject);
  [[nodiscard]] const AddressSet& selected(const Selector& selector);
  [[nodiscard]] AddressSet nodes(const Selector& selector) const;
  [[nodiscard]] AddressSet answers_for(const std::string& pattern) const;
  [[nodiscard]] const AddressSet& set(const std::string& name);

  const PolicyModel& model_;
  const Inventory& inventory_;
  const WorkloadIndex& index_;
  AddressSet world_;
  std::map<std::string, AddressSet> selectors_;
  std::map<std::string, AddressSet> sets_;
};

}  // namespace bulkhead::rules
