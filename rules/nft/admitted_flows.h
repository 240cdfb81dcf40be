// Flows of bridged packets that were admitted just now: the next packets of them pass by one lookup.
//
//   admitted4   iface_index . ipv4_addr . ipv4_addr . inet_proto . both ports as one word     one direction each
//   admitted6   the same with ipv6_addr
//
// Meaning  TCP, UDP and SCTP; never a TCP SYN without ACK, nor what a limited source sends. The key holds the port of
//          the bridge on which the packet came: one from elsewhere in the name of the flow does not pass.
// Age      10 s, not renewed by packets: then blocks, pins, policies and the followed flow (flow_rules.h) are asked
//          again, which also renews the latter.
// Forget   whoever takes something away (a block, a policy, a followed flow) empties the sets once that is in force:
//          forget_admitted(). What a packet that was being judged meanwhile leaves behind lasts 10 s at most.
// Limits   16384 flows and directions in each set; what does not fit is judged packet by packet. None while a rule
//          counts packets (`limit: {packets: ...}`).
// Thread   control thread. Cost  measured: rules/DECISIONS.md 24
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp, tests/netns/policy_netns_test.cpp
#pragma once

#include <string>

#include "datapath/base/result.h"
#include "rules/nft/nft_transport.h"
#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

inline constexpr std::uint64_t kAdmittedMs = 10'000;

[[nodiscard]] std::string admitted_set_name(IpFamily version);
[[nodiscard]] NftSet admitted_set(IpFamily version);
// A rule that matches packets of this version and holds their key at kFirstRegister.
[[nodiscard]] RuleBuilder admitted_key(NftFamily family, IpFamily version);
// Every packet is judged again, those of the fast path too. Without such sets there is nothing to forget, and that is
// no error.
[[nodiscard]] Status forget_admitted(NftTransport& transport, const std::string& table);

}  // namespace bulkhead::rules
