// The kernel's connections: which there are, and ending those that a policy refuses.
//
// In       CTNETLINK of the network namespace in which the socket was opened.
// Out      an entry as the policies see it: source as the client sent it, destination behind the translation
//          of a service (the reply's source).
// Thread   one thread at a time. Cost  a dump of all connections, 1 us each; deletions are sent 256 a time.
// Errors   the environment lane; a connection that ended meanwhile is no error. decode_connection() answers
//          false for broken attributes or a message without both directions.
// Source   linux/netfilter/nfnetlink_conntrack.h
// Tests    tests/unit/rules/nft/conntrack_test.cpp, tests/fuzz/fuzz_conntrack.cpp, tests/netns/
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/base/flow_key.h"
#include "datapath/base/result.h"
#include "datapath/netlink/netlink_socket.h"
#include "rules/nft/attributes.h"

namespace bulkhead::rules {

struct Connection {
  FlowTuple flow;
  std::uint8_t icmp_type = 0, icmp_code = 0;  // of the opening packet
  bool picked_up = false;                     // TCP whose beginning the kernel did not see: the direction is a guess
  std::uint32_t id = 0;
  // As the kernel wrote them, for the deletion.
  std::vector<Byte> tuple;   // CTA_TUPLE_ORIG
  std::vector<Byte> zone;    // CTA_ZONE; empty: none
  std::vector<Byte> master;  // CTA_TUPLE_MASTER: of the connection that this one belongs to (FTP data); may be empty
};

// `attributes`: behind nfgenmsg.
[[nodiscard]] bool decode_connection(ByteSpan attributes, Connection& out);
// Appends one IPCTNL_MSG_CT_DELETE.
void encode_delete(std::vector<Byte>& out, const Connection& connection, std::uint32_t sequence, bool acknowledge);

class ConntrackTable {
 public:
  [[nodiscard]] static Result<ConntrackTable> open();
  [[nodiscard]] Result<std::vector<Connection>> dump();
  // How many were there to delete.
  [[nodiscard]] Result<std::size_t> remove(const std::vector<Connection>& connections);

 private:
  explicit ConntrackTable(netlink::NetlinkSocket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] Result<std::size_t> remove_some(const Connection* first, std::size_t count);

  netlink::NetlinkSocket socket_;
  netlink::Datagram datagram_;
  std::uint32_t sequence_ = 1;
};

}  // namespace bulkhead::rules
