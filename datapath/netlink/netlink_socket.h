// One netlink socket (RFC 3549), owned: requests to the kernel, and multicast between programs
// of a node over NETLINK_USERSOCK.
//
// Thread   one thread at a time; move-only.
// In       whole messages as bytes: what is sent is what the other side reads, header included.
// Out      receive(): one datagram (it may hold several nlmsghdr), nullopt when the time is over.
// Limits   a datagram of up to 1 MiB; the kernel bounds the receive buffer (set_receive_buffer).
// Errors   Error with the call, the protocol and errno. ENOBUFS from receive(): the kernel dropped
//          messages for us; the socket stays usable. Multicast: the kernel does not listen on
//          NETLINK_USERSOCK, so the sender reads ECONNREFUSED although every member of the group got
//          the message: counted as success. ESRCH, nobody joined: success as well.
// Source   netlink(7), libnl 3 for the socket and its port.
// Tests    tests/unit/datapath/netlink/netlink_socket_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/result.h"

struct nl_sock;

namespace bulkhead::netlink {

struct Datagram {
  std::vector<Byte> bytes;
  std::uint32_t sender_port = 0;  // 0: the kernel
  std::uint32_t group_mask = 0;   // nl_groups of the sender's address; 0: unicast
};

class NetlinkSocket {
 public:
  // `protocol` as in socket(2): NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_USERSOCK.
  [[nodiscard]] static Result<NetlinkSocket> open(int protocol);

  // Groups count from 1. Joining needs CAP_NET_ADMIN on NETLINK_USERSOCK.
  [[nodiscard]] Status join(std::uint32_t group);
  [[nodiscard]] Status leave(std::uint32_t group);

  // To the kernel (port 0).
  [[nodiscard]] Status send(ByteSpan message);
  // To every socket that joined `group`, in this network namespace.
  [[nodiscard]] Status send_multicast(std::uint32_t group, ByteSpan message);

  // Waits at most `timeout` (0: not at all, negative: for ever). Interrupted by a signal: nullopt.
  [[nodiscard]] Result<std::optional<Datagram>> receive(std::chrono::milliseconds timeout);
  // As receive(), into a buffer that is kept between calls.
  [[nodiscard]] Result<bool> receive_into(Datagram& datagram, std::chrono::milliseconds timeout);

  [[nodiscard]] Status set_receive_buffer(std::size_t bytes);
  [[nodiscard]] Status set_send_buffer(std::size_t bytes);
  // Ask for the kernel's error texts (NETLINK_EXT_ACK) and no copy of the request (NETLINK_CAP_ACK).
  [[nodiscard]] Status enable_error_texts();

  [[nodiscard]] int fd() const;
  [[nodiscard]] std::uint32_t port() const;
  [[nodiscard]] int protocol() const { return protocol_; }
  [[nodiscard]] nl_sock* handle() const { return socket_.get(); }

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit NetlinkSocket(nl_sock* socket, int protocol) : socket_(socket), protocol_(protocol) {}
  [[nodiscard]] Error fail(const char* operation, int code) const;
  [[nodiscard]] Status set_option(int option, const char* name, int value);

  std::unique_ptr<nl_sock, Free> socket_;
  int protocol_ = 0;
};

}  // namespace bulkhead::netlink
