// The policies as the operator wrote them: tiers in order, policies in a tier by order, rules from the
// top, the first match decides.
//
// Meaning  a policy guards the workloads that `subject` selects. Ingress rules judge new flows to them,
//          egress rules new flows from them; both ends of a flow must admit it. Where no rule of any tier
//          matches, the flow is open: nothing is closed that no line closes. `pass` leaves the tier.
//          Replies and related errors of an admitted flow pass. An audit policy decides nothing: its
//          first matching rule is counted and logged, and the chain goes on behind the policy.
// Order    policies without `order` come after those with one, in the order they were read.
// Thread   value types.
// Tests    tests/unit/rules/compile/, tests/unit/config/load/policy_yaml_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

struct Peer {
  enum class Kind : std::uint8_t {
    kAny,            // every address
    kWorld,          // every address that is no workload's and no node's
    kNodes,          // addresses of the nodes
    kSelfNamespace,  // workloads of the guarded workload's namespace
    kSelector,       // workloads that the selector names
    kCidr,           // addresses of `cidr` without those in `except`
  };
  Kind kind = Kind::kAny;
  Selector selector;
  IpPrefix cidr;
  std::vector<IpPrefix> except;

  [[nodiscard]] std::string to_string() const;
  bool operator==(const Peer&) const = default;
};

struct LogSpec {
  std::string label;                   // in the record; may be empty
  std::uint32_t rate_per_second = 10;  // records beyond it are dropped, the verdict is not
  bool operator==(const LogSpec&) const = default;
};

struct PolicyRule {
  FlowEnd end = FlowEnd::kIngress;
  Action action = Action::kAllow;
  std::vector<Peer> peers;       // any of them; none: any address
  std::vector<PortMatch> ports;  // any of them; none: every protocol
  std::optional<LogSpec> log;
  SourceSpan span;

  // The rule in the words of the native format.
  [[nodiscard]] std::string to_string() const;
};

struct Policy {
  enum class Mode : std::uint8_t { kEnforce, kAudit };
  std::string name;
  std::string tier;
  std::optional<std::int64_t> order;
  Mode mode = Mode::kEnforce;
  Selector subject;
  std::vector<PolicyRule> ingress;
  std::vector<PolicyRule> egress;
  SourceSpan span;

  [[nodiscard]] const std::vector<PolicyRule>& rules(FlowEnd end) const {
    return end == FlowEnd::kIngress ? ingress : egress;
  }
};

// `end` says what becomes of a flow that no rule of the tier matched, at a workload that a policy of
// the tier guards in that direction: on to the next tier, or allow or deny.
struct Tier {
  std::string name;
  Action end = Action::kPass;  // kPass, kAllow or kDeny
  SourceSpan span;
};

struct PolicyModel {
  std::vector<Tier> tiers;
  std::vector<Policy> policies;

  [[nodiscard]] static std::vector<Tier> default_tiers();
  // Index in tiers, or nullopt.
  [[nodiscard]] std::optional<std::size_t> tier_index(std::string_view name) const;
  // Policies of a tier in the order in which they are asked.
  [[nodiscard]] std::vector<const Policy*> in_tier(std::string_view name) const;
};

}  // namespace bulkhead::rules
