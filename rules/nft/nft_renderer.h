// The policy table as an nf_tables ruleset: table `bulkhead` in the families inet and bridge.
//
//   inet    prerouting, output  -300  block                   before conntrack: established flows are cut too;
//                                                             made with the first block (block_sets.h)
//           forward, input, output -10  judge                 ct established,related; then by address
//   bridge  prerouting          -301  gate                    unknown ports of closed segments, the lease
//           prerouting, output  -300  block; guard            source pinning of known ports
//           forward             -10   judge                   only what inet does not see (EnforcementMode)
//
//   ip, ip6                       what inline workers read, if any (inline_queue.h)
//
//   judge:  lease over? -> lapsed: nothing passes in fail-closed segments
//           ct established,related accept
//           TCP that conntrack does not know -> midstream: reset
//           lease there? -> closed: new flows of unknown ends
//           ip saddr vmap @egress4 -> egress-HASH: rules of one program; return admits this end
//           ip daddr vmap @ingress4 -> ingress-HASH           no element: this end is open
//           large: ip saddr map @egress4 vmap @egress-classes -> egress-HASH
//           a rule with a limit -> limit-HASH (limit_renderer.h)
//
// Names    chains carry a hash of their rules, sets of peers one of the policy's words: a change of the inventory
//          is a change of elements, a new policy touches only what differs, counters survive.
// Replies  inet: conntrack. Bridge without br_netfilter has no conntrack in this kernel: every admitted
//          packet renews its flow in a set with timeouts (flows4, flows6), and packets of the opposite
//          direction pass while their flow is in it; a TCP packet that opens a connection never does.
// Thread   control thread; pure function of its arguments.
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp, tests/netns/policy_netns_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/compile/policy_table.h"
#include "rules/fast_path/fast_path.h"
#include "rules/nft/inline_queue.h"
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
  std::int32_t policy_priority = -10;  // before the filter tables of others (0)
  std::uint32_t block_set_size = 65536;
  std::uint32_t limited_packets = 100;   // per second, of a source that is limited
  std::uint32_t flow_set_size = 262144;  // flows followed in the bridge family; beyond it no replies pass
  bool pin_sources = true;               // a known port sends only from its own addresses
  std::optional<PathScope> fast_path;    // mark what is admitted for the programs at the ports
  // Interfaces (bridges, their ports, routed ones; a final * stands for any ending) of closed segments: what is no
  // known workload neither sends nor is reached there. And of those that carry nothing once the lease is over.
  std::vector<std::string> closed, fail_closed;
  std::chrono::milliseconds lease{10'000};  // time to live of the element that the daemon renews
  // Dispatch by way of classes: an address has the number of a class, the class a jump. A jump makes the kernel walk
  // all chains from every hook once for each element that leads to it: with classes a new label costs no walk of 10,000
  // addresses. nft 1.0.6 aborts when it lists such rules, so small tables have none. Not given: by the number of
  // addresses.
  std::optional<bool> classes;
  std::chrono::milliseconds grace{30'000};  // how long connections from before the first load may be taken up
  InlineQueueSettings inline_queue;
};

// Whether rules so rendered mark for the fast path. Not where a segment is closed or fails closed, nor where workers
// hold packets: there each one is asked about.
[[nodiscard]] bool takes_fast_path(const NftSettings& settings, const EnforcementMode& mode);

// The set of peers that the policy's words name, and merged ranges as its elements.
[[nodiscard]] std::string peers_set_name(IpFamily version, const std::string& peers_key);
[[nodiscard]] std::vector<NftElement> interval_elements(const AddressSet& addresses, IpFamily version);

// `table` may be null: then only blocks are enforced.
[[nodiscard]] NftRuleset render_ruleset(const PolicyTable* table, const EnforcementMode& mode,
                                        const NftSettings& settings);

}  // namespace bulkhead::rules
