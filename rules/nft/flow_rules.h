// The key of a flow as rules put it together: source, destination, protocol, ports.
//
//   set of kind kFlow (block_sets.h):  address . address . protocol . port . port
//
// Meaning  a reply's key is that of the flow which it answers. Echo messages have their identifier where others have
//          ports. Protocols without ports (GRE, ESP) have no key and match nothing here.
// Thread   control thread; pure functions.
// Tests    tests/unit/rules/nft/nft_renderer_test.cpp
#pragma once

#include <cstdint>

#include "rules/nft/rule_builder.h"

namespace bulkhead::rules {

// What has a flow key of its own.
enum class FlowKind : std::uint8_t { kTcp, kDatagram, kIcmpEcho };
inline constexpr FlowKind kFlowKinds[] = {FlowKind::kTcp, FlowKind::kDatagram, FlowKind::kIcmpEcho};

// How long a flow is followed without packets of either direction.
[[nodiscard]] inline std::uint64_t flow_idle_ms(FlowKind kind) {
  return kind == FlowKind::kTcp ? 3'600'000 : 120'000;
}

// The protocols of kDatagram, which the rules of flow_key() look up.
[[nodiscard]] NftSet datagram_protocols();
// A rule that matches packets of this kind and holds their key at kFirstRegister.
[[nodiscard]] RuleBuilder flow_key(NftFamily family, IpFamily version, FlowKind kind, bool reply);

}  // namespace bulkhead::rules
