// The interfaces of a network namespace, kept from rtnetlink messages: names, bridges, the other ends of veth
// pairs, addresses.
//
//   nlmsghdr | ifinfomsg | IFLA_IFNAME, _ADDRESS, _MASTER, _LINK, _LINK_NETNSID, _LINKINFO { _KIND }
//   nlmsghdr | ifaddrmsg | IFA_LOCAL or IFA_ADDRESS
//
// Thread   one thread. Limits  none of its own: the kernel bounds the messages.
// Errors   apply() counts what it cannot read in broken(); the good messages of a datagram take effect.
// Source   rtnetlink(7), linux/if_link.h
// Tests    tests/unit/rules/discovery/link_table_test.cpp, tests/fuzz/fuzz_link_table.cpp
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::rules {

struct Link {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;                            // "veth", "bridge"; empty: a device of its own
  std::optional<MacAddress> mac;               // of this end
  std::uint32_t master = 0;                    // index of the bridge; 0: none
  std::uint32_t peer = 0;                      // index of the other end, in its namespace
  std::optional<std::int32_t> peer_namespace;  // the kernel's id for that namespace; none: this one
  bool up = false;
  std::uint32_t stands_for = 0;  // index of the port whose place in the bridge this one has taken (wire); 0: none
  auto operator<=>(const Link&) const = default;
};

// Alias of a port that stands in the bridge for the port of this index.
[[nodiscard]] std::string stand_in_alias(std::uint32_t index);

class LinkTable {
 public:
  enum class End : std::uint8_t { kMore, kDone, kError };
  // What a datagram ended with: nothing, the end of a dump, or an error of the kernel (code in last_error()).
  End apply(ByteSpan datagram);

  [[nodiscard]] const std::map<std::uint32_t, Link>& links() const { return links_; }
  [[nodiscard]] const Link* find(std::uint32_t index) const;
  [[nodiscard]] const Link* find(std::string_view name) const;
  // The veth in this namespace whose bridge is `master` and whose other end is in namespace `id`, if there is
  // exactly one; where a wire has taken its place, the wire's port.
  [[nodiscard]] const Link* port_of(std::uint32_t master, std::int32_t id) const;
  // All of them in whatever bridge or none, by index; where a wire has taken a port's place, the wire's port.
  [[nodiscard]] std::vector<const Link*> ports_to(std::int32_t id) const;
  // The port that has taken the place of this one in its bridge; null: none has.
  [[nodiscard]] const Link* stand_in(std::uint32_t index) const;
  [[nodiscard]] std::vector<IpAddress> addresses() const;

  // Grows with every change of what links() and addresses() answer.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] std::uint64_t broken() const { return broken_; }
  [[nodiscard]] int last_error() const { return last_error_; }

  // Around a whole dump: what it does not name is gone at its end.
  void begin_links();
  void end_links();
  void begin_addresses();
  void end_addresses();

 private:
  bool apply_link(ByteSpan body, bool gone);
  bool apply_address(ByteSpan body, bool gone);
  void forget(std::uint32_t index);

  using AddressKey = std::pair<std::uint32_t, IpAddress>;
  std::map<std::uint32_t, Link> links_;
  std::set<AddressKey> addresses_;
  std::set<std::uint32_t> seen_links_;
  std::set<AddressKey> seen_addresses_;
  std::uint64_t version_ = 0, broken_ = 0;
  int last_error_ = 0;
};

// The requests: dumps of links and of addresses, and the kernel's id for the network namespace of a process, or of an
// open file of it (/run/netns/...).
[[nodiscard]] std::vector<Byte> link_dump_request(std::uint32_t sequence);
[[nodiscard]] std::vector<Byte> address_dump_request(std::uint32_t sequence);
[[nodiscard]] std::vector<Byte> namespace_id_request(std::int32_t pid, std::uint32_t sequence);
[[nodiscard]] std::vector<Byte> namespace_id_request_by_file(std::int32_t fd, std::uint32_t sequence);
// The id in an answer; none: there is no id, or it is no such answer.
[[nodiscard]] std::optional<std::int32_t> parse_namespace_id(ByteSpan datagram);

}  // namespace bulkhead::rules
