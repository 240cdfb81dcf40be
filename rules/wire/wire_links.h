// Interfaces of wires, over rtnetlink: makes them, moves ports out of bridges and back.
//
//   before   container -- H in the bridge
//   after    container -- H      P -- Q in the bridge       names: H, H-d, H-w; Q has H's MAC address and port settings
//
// Aliases tell what belongs together, also to a process that comes later: of P "bulkhead wire of H INDEX in BRIDGE", of
// Q stand_in_alias(INDEX).
//
// Thread   one thread at a time. Each call is one request, answered by the kernel.
// Errors   the environment lane, with the kernel's text.
// Source   rtnetlink(7), linux/if_link.h
// Tests    tests/unit/rules/wire/wire_links_test.cpp, tests/netns/wire_netns_test.cpp (root)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"
#include "datapath/netlink/netlink_socket.h"

namespace bulkhead::rules {

struct WireLink {
  std::uint32_t index = 0, master = 0, mtu = 0;
  std::string name, alias, kind;  // kind: "veth", "bridge", ...
  std::optional<MacAddress> mac;
  bool up = false;
  std::vector<Byte> port;  // settings as port of a bridge, as attributes that can be set
};

// What a wire's own link says about it.
struct WireAlias {
  std::string port;  // H
  std::uint32_t index = 0;
  std::string bridge;
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] static std::optional<WireAlias> parse(const std::string& alias);
};

// Names of P and Q; cut where the kernel's limit of 15 demands it.
[[nodiscard]] std::string wire_inner_name(const std::string& port);
[[nodiscard]] std::string wire_port_name(const std::string& port);

// What can be set, out of what the kernel tells of a port (IFLA_BRPORT_*).
[[nodiscard]] std::vector<Byte> settable_port_settings(ByteSpan attributes);
// The link of one RTM_NEWLINK message, header included; none: it is no such message.
[[nodiscard]] std::optional<WireLink> parse_wire_link(ByteSpan message);

class WireLinks {
 public:
  [[nodiscard]] static Result<WireLinks> open();

  [[nodiscard]] Result<std::vector<WireLink>> list();
  // Both down, without addresses of their own.
  [[nodiscard]] Status create(const std::string& inner, const std::string& port, std::uint32_t mtu,
                              const std::optional<MacAddress>& port_mac);
  // Up, with an alias, and silent: no IPv6 address of its own.
  [[nodiscard]] Status bring_up(const std::string& name, const std::string& alias);
  // Into the bridge (0: out of any), with the settings of a port.
  [[nodiscard]] Status move(std::uint32_t index, std::uint32_t bridge, const std::vector<Byte>& port = {});
  [[nodiscard]] Status remove(std::uint32_t index);

 private:
  explicit WireLinks(netlink::NetlinkSocket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] Status ask(std::vector<Byte> message, const char* what, const std::string& object);

  netlink::NetlinkSocket socket_;
  netlink::Datagram datagram_;
  std::uint32_t sequence_ = 1;
};

}  // namespace bulkhead::rules
