// New labels of a few workloads, without compiling and rendering everything anew.
//
//   labels --> sets of peers that gain or lose the workload's addresses
//          --> the programs of the workload itself: its elements in the dispatch maps, and the chain of their class
//              where no workload was of that class before
//          --> one batch for what differs
//
// Meaning  the ruleset that comes out is the one that a full load would make, but for chains, sets and classes that
//          nobody uses any more: those stay until the next full load.
// Thread   control thread.
// In       the table in force and the ruleset that was rendered from it; both are as after the last full load and the
//          relabels since.
// Limits   labels alone: a change of addresses, ports or interfaces is a full load, and so are policies whose sets
//          depend on more than labels (port names of destinations); plan() answers nullopt for them.
// Cost     policies x workloads that changed, and the size of each set that changes; not the number of workloads.
// Tests    tests/unit/rules/reconcile/relabel_test.cpp (against a full load, on random policies and labels)
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/compile/peer_resolver.h"
#include "rules/compile/policy_table.h"
#include "rules/compile/workload_index.h"
#include "rules/nft/nft_renderer.h"

namespace bulkhead::rules {

class Relabel {
 public:
  // `mode` and `settings` as the ruleset was rendered with.
  Relabel(PolicyTablePtr table, const EnforcementMode& mode, NftSettings settings);

  // Peers of one set: those that labels decide, and the addresses of the others.
  struct PeerGroup {
    std::vector<Peer> by_label;
    std::string own_namespace;  // of the workload that the rule guards
    AddressSet fixed;
    AddressSet all;
  };
  // The objects that change, as they are (`before`) and as they shall be (`after`); compare_rulesets() of the two is
  // the batch.
  struct Plan {
    NftRuleset before, after;
    std::vector<Workload> workloads;
    std::map<std::string, PeerGroup> groups;  // those that change or are new
  };
  // `changed`: whole workloads with their new labels. `current`: the ruleset in force.
  [[nodiscard]] std::optional<Plan> plan(const std::vector<Workload>& changed, const NftRuleset& current);
  // The plan is in force.
  void commit(Plan plan, NftRuleset& current);

 private:
  [[nodiscard]] static bool selects(const PeerGroup& group, const Workload& workload);
  [[nodiscard]] const Workload* known(const Workload& changed) const;
  // Groups of the sets in `table` that `to` does not have yet; false: one depends on more than labels.
  [[nodiscard]] bool add_groups(const PolicyTable& table, std::map<std::string, PeerGroup>& to);
  [[nodiscard]] PeerGroup group_of(const std::vector<Peer>& peers, const Workload& subject);
  [[nodiscard]] PolicyTablePtr compile_for(const Workload& workload) const;
  void move_members(const std::vector<Workload>& changed, Plan& plan) const;
  [[nodiscard]] bool move_programs(const Workload& workload, const NftRuleset& current, Plan& plan);
  [[nodiscard]] bool add_chains(const NftTable& small, const NftTable& current, const std::string& entry, Plan& plan);
  [[nodiscard]] bool add_set(const NftTable& small, const NftTable& current, const std::string& name, Plan& plan);

  PolicyTablePtr table_;
  EnforcementMode mode_;
  NftSettings settings_;
  WorkloadIndex index_;
  PeerResolver resolver_;
  bool possible_ = false;
  std::map<std::string, const PolicyRule*> rules_;  // by the table's key
  std::map<std::string, PeerGroup> groups_;         // by peers_key
  std::map<std::string, Workload> relabelled_;      // by full name, since the table was compiled
};

}  // namespace bulkhead::rules
