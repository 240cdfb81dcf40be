// The policy table as an nf_tables ruleset: table `bulkhead` in the families inet and bridge.
//
//   inet    prerouting, output  -300  jump block              before conntrack: established flows are cut too
//           forward, input, output -10  jump judge            ct established,related; then by address
//   bridge  prerouting, output  -300  jump block; guard       source pinning of known ports
//           forward             -10   jump judge              only what inet does not see (EnforcementMode)
//
//   judge:  ip saddr vmap @egress4 -> egress-HASH: rules of one program; return admits this end
//           ip daddr vmap @ingress4 -> ingress-HASH           no element: this end is open
//
// Names    chains and sets of programs carry a hash of their content, so that equal content is the same
//          object before and after a change: a new policy touches only what differs, counters survive.
// Replies  inet: conntrack. Bridge without br_netfilter has no conntrack in this kernel: every admitted
//          packet renews its flow in a set with timeouts (flows4, flows6), and packets of the opposite
//          direction pass while their flow is in it; a TCP packet that opens a connection never does.
// Thread   control thread; pure function of its arguments.
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp, tests/netns/policy_netns_test.cpp
#pragma once

#include <cstdint>
#include <string>

#include "rules/compile/policy_table.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

// Which bridged IP traffic the inet hooks of this network namespace see.
struct EnforcementMode {
  bool bridged_v4_in_inet = false;
  bool bridged_v6_in_inet = false;

  // From /proc/sys/net/bridge of the calling thread's network namespace.
  [[nodiscard]] static EnforcementMode detect(const std::string& sysctl_root = "/proc/sys/net/bridge");
  // "inet (br_netfilter, conntrack)", "bridge (no conntrack: flows kept in a set)", ...
  [[nodiscard]] std::string to_string() const;
  bool operator==(const EnforcementMode&) const = default;
};

struct NftSettings {
  std::string table = "bulkhead";
  std::int32_t block_priority = -300;  // after defragmentation (-400), before conntrack (-200)
  std::int32_t policy_priority = -10;  // before the filter tables of others (0)
  std::uint32_t block_set_size = 65536;
  std::uint32_t flow_set_size = 262144;  // flows followed in the bridge family; beyond it no replies pass
  bool pin_sources = true;               // a known port sends only from its own addresses
};

// `table` may be null: then only blocks are enforced.
[[nodiscard]] NftRuleset render_ruleset(const PolicyTable* table, const EnforcementMode& mode,
                                        const NftSettings& settings);

}  // namespace bulkhead::rules
