// What a workload's port may send, as a netdev ruleset: one base chain per port at the ingress of its host
// interface, before the bridge, the IP stack and every policy see the frame.
//
//   port-NAME  source MAC, then                         one per port, its MAC in the rule
//   frame      by EtherType: arp | v4 | v6 | drop       shared by all ports; sets are keyed by the index of
//   v4, v6     source address, loopback, source routes, tunnels, ICMP, IGMP, DHCP      the incoming interface
//   arp, nd-*  sender and target, MAC options, rate
//   drop-NAME  log to nflog, rate-limited per port and reason; count; drop
//
// Pins     an interface index is not given twice, so a port that comes back under the same name inherits
//          nothing. A port without a known MAC learns at most max_macs; its link-local IPv6 addresses are
//          then used for neighbour discovery and multicast reports alone.
// Rules    fail closed: a header that cannot be read is dropped as malformed.
// Thread   control thread; pure function of its arguments.
// Limits   IPv4 options and IPv6 extension headers as the kernel's own parser reads them.
// Source   RFC 826, 5227 (ARP), 4861, 4862, 6980, 7113 (ND), 2131, 8415 (DHCP), 3376, 3810 (multicast)
// Tests    tests/unit/rules/nft/l2_guard_renderer_test.cpp, tests/netns/l2_guard_netns_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

enum class GuardReason : std::uint8_t {
  kUnknown = 0,
#define X(id, name, word, text) name = (id),
#include "rules/nft/guard_reasons.def"
#undef X
};
// "arp-sender"; empty for kUnknown.
[[nodiscard]] std::string_view guard_reason_name(GuardReason reason);
[[nodiscard]] std::string_view guard_reason_text(GuardReason reason);
// Every reason, kUnknown left out.
[[nodiscard]] const std::vector<GuardReason>& all_guard_reasons();
// Of a log prefix that a drop chain wrote; kUnknown: not ours.
[[nodiscard]] GuardReason guard_reason_of_prefix(std::string_view prefix);

struct GuardPort {
  std::string interface;
  std::uint32_t index = 0;  // ifindex
  std::string workload;     // "shop/web"
  std::optional<MacAddress> mac;
  std::vector<IpAddress> addresses;
  auto operator<=>(const GuardPort&) const = default;
};

struct GuardSettings {
  std::string table = "bulkhead";
  std::int32_t priority = -500;
  std::vector<std::uint16_t> ether_types;                     // besides IPv4, IPv6 and ARP
  std::vector<std::uint16_t> tunnel_ports{4789, 8472, 6081};  // UDP: VXLAN, VXLAN as Linux has it, Geneve
  std::vector<std::uint8_t> tunnel_protocols{4, 41, 47, 97, 115, 137};
  std::uint32_t arp_per_second = 100;
  std::uint32_t nd_per_second = 100;
  std::uint32_t max_macs = 1;          // of a port whose MAC is not known
  std::uint32_t logs_per_second = 10;  // of one port for one reason
  std::uint16_t log_group = 25192;
};

// Empty `ports`: the table without port chains.
[[nodiscard]] NftTable render_guard(const std::vector<GuardPort>& ports, const GuardSettings& settings);

}  // namespace bulkhead::rules
