// The policies as the operator wrote them: tiers in order, policies in a tier by order, rules from the
// top, the first match decides.
//
// Meaning  a policy guards the workloads that `subject` selects. Ingress rules judge new flows to them,
//          egress rules new flows from them; both ends of a flow must admit it. Where no rule of any tier
//          matches, the flow is open: nothing is closed that no line closes. `pass` leaves the tier.
//          Replies and related errors of an admitted flow pass. An audit policy decides nothing: its
//          first matching rule is counted and logged, and the chain goes on behind the policy.
// Tiers    kind kOrdered: first match, then `end`. kind kNetworkPolicy: rules only allow; a workload that a
//          policy isolates in a direction is denied there what no rule allows, except its own node and
//          itself; that verdict is final. A workload that none isolates goes on to the next tier.
// Order    by `order`, those without one last; ties by name, so that the order of files has no effect.
// Manifests  Kubernetes objects become policies of the tiers that say kind NetworkPolicy, maps Admin and
//          maps Baseline; their names start with np:, anp:, banp: or cnp:.
// Thread   value types.
// Tests    tests/unit/rules/compile/, tests/unit/config/load/policy_yaml_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"
#include "rules/model/selector.h"

namespace bulkhead::rules {

enum class Action : std::uint8_t { kAllow, kDeny, kReject, kPass };
enum class FlowEnd : std::uint8_t { kEgress, kIngress };  // which end of a flow a rule judges
[[nodiscard]] const char* to_string(Action action);
[[nodiscard]] const char* to_string(FlowEnd end);

// A protocol and an inclusive range of its keys: destination ports, or type * 256 + code for ICMP.
struct PortMatch {
  std::uint8_t protocol = 0;
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  [[nodiscard]] bool covers(std::uint8_t proto, std::uint16_t key) const {
    return proto == protocol && first <= key && key <= last;
  }
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const PortMatch&) const = default;
};

// A destination port by the name that the destination workload gives it: one name may be another number
// at each workload. Addresses that are no workload's have no names.
struct NamedPort {
  std::string name;
  std::uint8_t protocol = 0;  // 0: whatever protocol the container port has

  [[nodiscard]] std::string to_string() const;  // "tcp/@https", "@https"
  auto operator<=>(const NamedPort&) const = default;
};

struct Peer {
  enum class Kind : std::uint8_t {
    kAny,            // every address without those in `except`
    kWorld,          // every address that is no workload's and no node's, without those in `except`
    kNodes,          // addresses of the nodes whose labels `selector` names
    kOwnNode,        // addresses of the guarded workload's node
    kSelfNamespace,  // workloads of the guarded workload's namespace
    kSelector,       // workloads that the selector names
    kCidr,           // addresses of `cidr` without those in `except`
    kDnsName,        // addresses that answers for the name `name` gave; "*.x.y": below x.y
    kSet,            // members of the set `name`
    kNothing,        // no address: a manifest's peer of a kind that is not known here
  };
  Kind kind = Kind::kAny;
  Selector selector;
  IpPrefix cidr;
  std::vector<IpPrefix> except;
  std::string name;

  [[nodiscard]] std::string to_string() const;
  bool operator==(const Peer&) const = default;
};

// Whether the answer for `name` falls under the pattern of a kDnsName peer: letter case and a final dot
// do not matter; "*.x.y" is one or more whole labels before x.y, and not x.y.
[[nodiscard]] bool dns_name_matches(std::string_view pattern, std::string_view name);

struct LogSpec {
  std::string label;                   // in the record; may be empty
  std::uint32_t rate_per_second = 10;  // records beyond it are dropped, the verdict is not
  std::uint32_t payload_bytes = 0;     // of the packet, in the record
  bool operator==(const LogSpec&) const = default;
};

struct Rate {
  std::uint32_t count = 0;                      // 0: not limited
  std::uint32_t per_seconds = 1;                // 1, 60 or 3600
  [[nodiscard]] std::string to_string() const;  // "200/s", "5/m", "1/h"
  bool operator==(const Rate&) const = default;
};

// How much an allow rule admits; what is beyond gets `over`. A limit belongs to the node that enforces it
// and to one rule; it is state, so the classifier and `verdicts` answer as if nothing were beyond it.
struct LimitSpec {
  enum class Per : std::uint8_t { kRule, kSource, kDestination };  // one bucket, or one for each address (prefix)
  Rate new_flows;                                                  // flows begun
  Rate packets;                  // packets, both directions of the flow's opening end only
  std::uint32_t burst = 0;       // admitted at once, of the rate that is given; 0: the kernel's default
  std::uint32_t open_flows = 0;  // at the same time; 0: not limited
  Per per = Per::kRule;
  std::uint8_t prefix4 = 32;  // of the address, with Per::kSource and kDestination
  std::uint8_t prefix6 = 128;
  Action over = Action::kDeny;  // kDeny or kReject
  std::optional<LogSpec> log;   // of what is beyond
  [[nodiscard]] std::string to_string() const;
  bool operator==(const LimitSpec&) const = default;
};

// What happens to sessions that are open when a policy comes into force or changes.
enum class SessionChange : std::uint8_t {
  kCutDenied,  // those that the new rules refuse end (the default)
  kKeep,       // those that a rule of this policy would refuse live on
  kCut,        // all that a rule of this policy decides end, allowed or not
};
[[nodiscard]] const char* to_string(SessionChange change);

struct PolicyRule {
  FlowEnd end = FlowEnd::kIngress;
  Action action = Action::kAllow;
  std::vector<Peer> peers;       // any of them; none: any address
  std::vector<PortMatch> ports;  // any of these or of named_ports; both empty: every protocol
  std::vector<NamedPort> named_ports;
  std::optional<LogSpec> log;
  std::optional<LimitSpec> limit;  // allow rules only
  bool inspect_inline = false;     // allow rules only: the flow's packets wait for the verdict of a worker
  std::string name;                // a manifest's name of the rule; may be empty
  SourceSpan span;

  // The rule in the words of the native format.
  [[nodiscard]] std::string to_string() const;
};

struct Policy {
  enum class Mode : std::uint8_t { kEnforce, kAudit };
  enum class Origin : std::uint8_t { kNative, kNetworkPolicy, kAdmin, kBaselineAdmin, kCluster };
  std::string name;
  std::string tier;
  Origin origin = Origin::kNative;
  std::optional<std::int64_t> order;
  Mode mode = Mode::kEnforce;
  SessionChange sessions = SessionChange::kCutDenied;
  std::optional<std::chrono::sys_seconds> expires;  // without effect from this second on
  Selector subject;
  std::vector<PolicyRule> ingress;
  std::vector<PolicyRule> egress;
  bool isolates_ingress = false;  // NetworkPolicy: the direction is in policyTypes, rules or not
  bool isolates_egress = false;
  SourceSpan span;

  [[nodiscard]] const std::vector<PolicyRule>& rules(FlowEnd end) const {
    return end == FlowEnd::kIngress ? ingress : egress;
  }
  [[nodiscard]] bool isolates(FlowEnd end) const {
    return end == FlowEnd::kIngress ? isolates_ingress : isolates_egress;
  }
  // Whether a workload that it selects meets the end of the tier in this direction.
  [[nodiscard]] bool guards(FlowEnd end) const { return isolates(end) || !rules(end).empty(); }
};

// `end` says what becomes of a flow that no rule of the tier matched, at a workload that a policy of
// the tier guards in that direction: on to the next tier, or allow or deny.
struct Tier {
  enum class Kind : std::uint8_t { kOrdered, kNetworkPolicy };
  enum class Maps : std::uint8_t { kNothing, kAdmin, kBaseline };  // which cluster policies land here
  std::string name;
  Action end = Action::kPass;  // kPass, kAllow or kDeny; kind kNetworkPolicy: kPass, for who is not isolated
  Kind kind = Kind::kOrdered;
  Maps maps = Maps::kNothing;
  SourceSpan span;
};

// Addresses under one name, for peers `set=NAME`.
struct NamedSet {
  std::string name;
  std::vector<Peer> members;  // any peer that does not depend on the guarded workload, but no set
  SourceSpan span;
};

struct PolicyModel {
  std::vector<Tier> tiers;
  std::vector<Policy> policies;
  std::vector<NamedSet> sets;

  [[nodiscard]] static std::vector<Tier> default_tiers();
  // Index in tiers, or nullopt.
  [[nodiscard]] std::optional<std::size_t> tier_index(std::string_view name) const;
  [[nodiscard]] const NamedSet* set_named(std::string_view name) const;
  // Policies of a tier in the order in which they are asked.
  [[nodiscard]] std::vector<const Policy*> in_tier(std::string_view name) const;
};

}  // namespace bulkhead::rules
