// The compiled policies: what the kernel renderer, the classifier and explain all read.
//
//   workload --(egress, ingress)--> Program: Step, Step, ...        shared by workloads that are alike
//                                   Step --> TableRule (name, place), TableMatch (addresses, ports)
//
// Meaning  a flow is judged by the egress program of its source's workload and by the ingress program of
//          its destination's; the first step that matches decides: allow ends this end, deny and reject
//          end the flow, pass and audit go on at `skip_to`. No step: this end is open.
// Steps    one rule may be several steps in a row, with the same rule, action and skip_to: a port name that
//          is another number at other destinations makes one step for each number, whose peers are the
//          destinations that have it. Nothing else is left of names: ports are numbers, peers addresses.
// Families a match holds what it matches in each family apart (AddressSet::v4, v6; ICMP and ICMPv6 are two
//          protocols). Empty in a family: it matches nothing there; full in both: any address.
// Service  rules see addresses and ports behind the translation of a service (hook after DNAT).
// Time     policies that had expired when the table was compiled are not in it; next_expiry() is when the
//          table has to be compiled anew.
// Thread   immutable after compile(); shared by every worker. workload_at() does not allocate.
// Tests    tests/unit/rules/compile/policy_compiler_test.cpp
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "datapath/base/flow_key.h"
#include "rules/compile/address_set.h"
#include "rules/discovery/inventory.h"
#include "rules/model/policy.h"

namespace bulkhead::rules {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// A new flow as the policies see it.
struct FlowQuery {
  FlowTuple tuple;  // behind the translation of a service
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  // Reached through the node, by the address of a service. In the kernel: every packet with equal source
  // and destination that a hook of the node sees, since true traffic to oneself never leaves the container.
  bool through_service = false;

  [[nodiscard]] bool is_icmp() const {
    return tuple.protocol == ip_proto::kIcmp || tuple.protocol == ip_proto::kIcmpv6;
  }
  // What PortMatch ranges are compared with.
  [[nodiscard]] std::uint16_t port_key() const {
    return is_icmp() ? static_cast<std::uint16_t>(icmp_type << 8 | icmp_code) : tuple.destination_port;
  }
};

// Never judged: traffic to oneself that stays in the container, and what IPv6 links cannot live without:
// neighbour discovery (RFC 4861, types 133-136) and multicast listener reports (RFC 2710, RFC 3810, types
// 130-132, 143). Traffic to oneself through a service is judged: cluster policies hold for it, and the
// NetworkPolicy tier has a step that lets it pass (TableMatch::self).
[[nodiscard]] inline bool always_open(const FlowQuery& query) {
  if (query.tuple.source == query.tuple.destination && !query.through_service) return true;
  if (query.tuple.protocol != ip_proto::kIcmpv6) return false;
  return (query.icmp_type >= 130 && query.icmp_type <= 136) || query.icmp_type == 143;
}

// One line of a policy, or one that the meaning of its tier adds; `role` says which.
//
//   kWritten   "payments/ingress/2", "np:shop/db/egress/1": the policy's second ingress rule
//   kTierEnd   "tier:platform/ingress/end": `end` of an ordered tier, for workloads that it guards
//   kIsolated  "np:shop/db/ingress/isolated": deny; the first policy (by name) that isolates the workload
//   kOwnNode   "tier:kubernetes/ingress/own-node": allow; NetworkPolicy never stops the workload's own node
//   kSelf      "tier:kubernetes/ingress/self": allow; nor the workload from itself through a service
struct TableRule {
  enum class Role : std::uint8_t { kWritten, kTierEnd, kIsolated, kOwnNode, kSelf };
  std::string key;     // stable across reloads that do not touch the policy
  std::string policy;  // empty for kTierEnd, kOwnNode and kSelf
  std::string tier;
  Role role = Role::kWritten;
  FlowEnd end = FlowEnd::kIngress;
  Action action = Action::kAllow;
  bool audit = false;
  std::optional<LogSpec> log;
  std::optional<LimitSpec> limit;  // with action kAllow: what is beyond gets limit->over and ends the flow
  bool inspect_inline = false;     // with action kAllow, at either end: packets wait for the verdict of a worker
  // For sessions open at a reload that this rule now decides: kCutDenied ends them when the rule refuses
  // them, kKeep lets them live although it refuses them, kCut ends them also when it allows them, once,
  // when a policy of this name and content comes into force. session_fate() in rules/classify says which.
  SessionChange sessions = SessionChange::kCutDenied;
  std::string text;
  SourceSpan span;
  // "web.yaml:14", empty when the place is unknown.
  [[nodiscard]] std::string place() const;
};

struct TableMatch {
  AddressSet peers;              // of the far end: egress rules the destination, ingress rules the source
  std::vector<PortMatch> ports;  // merged and sorted; none: every protocol
  // Who the peers are by the policy's words, whatever addresses they have now: the kernel's sets are named by
  // it and keep their names when the inventory changes. Empty: the addresses themselves are the words.
  std::string peers_key;
  // Instead of `peers` (which is then empty): flows whose source address is their destination address.
  // Only with steps of role kSelf, which allow: it may be rendered as a set of pairs or left to a rule ahead.
  bool self = false;

  [[nodiscard]] bool matches(const FlowQuery& query, FlowEnd end) const;
  auto operator<=>(const TableMatch&) const = default;
};

struct Step {
  std::uint32_t rule = 0;
  std::uint32_t match = 0;
  std::uint32_t skip_to = 0;  // pass, audit: index of the step to go on with
  std::uint32_t tier = 0;
  Action action = Action::kAllow;
  bool audit = false;
  auto operator<=>(const Step&) const = default;
};

struct Program {
  std::vector<Step> steps;
};

struct TableWorkload {
  std::string name;                     // "namespace/name"
  std::string node;                     // may be empty
  std::vector<std::string> interfaces;  // host sides of its ports
  std::vector<IpAddress> addresses;
  std::uint32_t egress = kNone;  // program index
  std::uint32_t ingress = kNone;
  [[nodiscard]] std::uint32_t program(FlowEnd end) const { return end == FlowEnd::kEgress ? egress : ingress; }
};

// Address to workload: open addressing, at most half full.
class AddressIndex {
 public:
  void build(const std::vector<TableWorkload>& workloads);
  [[nodiscard]] std::uint32_t find(const IpAddress& address) const;

 private:
  struct Slot {
    IpAddress address;
    std::uint32_t value = kNone;
  };
  [[nodiscard]] std::size_t slot_of(const IpAddress& address) const;
  std::vector<Slot> slots_;
};

class PolicyTable {
 public:
  [[nodiscard]] const std::vector<TableRule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<TableMatch>& matches() const { return matches_; }
  [[nodiscard]] const std::vector<Program>& programs() const { return programs_; }
  [[nodiscard]] const std::vector<TableWorkload>& workloads() const { return workloads_; }
  [[nodiscard]] const std::vector<Tier>& tiers() const { return tiers_; }
  [[nodiscard]] const Inventory& inventory() const { return *inventory_; }
  [[nodiscard]] const InventoryPtr& inventory_ptr() const { return inventory_; }
  // What it was compiled from.
  [[nodiscard]] const PolicyModel& model() const { return *model_; }
  // The first second at which a policy of this table has no effect any more; nullopt: none expires.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next_expiry() const { return next_expiry_; }
  // Index in workloads(), or kNone.
  [[nodiscard]] std::uint32_t workload_at(const IpAddress& address) const { return index_.find(address); }
  // Index in rules() by key, or kNone.
  [[nodiscard]] std::uint32_t rule_named(std::string_view key) const;
  // The table in words, a line each, for `dump`.
  [[nodiscard]] std::string to_string() const;

 private:
  friend class PolicyCompiler;
  std::vector<TableRule> rules_;
  std::vector<TableMatch> matches_;
  std::vector<Program> programs_;
  std::vector<TableWorkload> workloads_;
  std::vector<Tier> tiers_;
  InventoryPtr inventory_;
  std::shared_ptr<const PolicyModel> model_;
  std::optional<std::chrono::sys_seconds> next_expiry_;
  AddressIndex index_;
};

using PolicyTablePtr = std::shared_ptr<const PolicyTable>;

}  // namespace bulkhead::rules
