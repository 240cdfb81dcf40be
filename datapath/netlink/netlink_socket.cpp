#include "datapath/netlink/netlink_socket.h"

#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace bulkhead::netlink {

namespace {

constexpr std::size_t kFirstBuffer = std::size_t{64} << 10;
constexpr std::size_t kLargestDatagram = std::size_t{1} << 20;

std::string protocol_name(int protocol) {
  switch (protocol) {
    case NETLINK_ROUTE: return "NETLINK_ROUTE";
    case NETLINK_USERSOCK: return "NETLINK_USERSOCK";
    case NETLINK_NETFILTER: return "NETLINK_NETFILTER";
    default: return "netlink protocol " + std::to_string(protocol);
  }
}

// Sends the bytes to a port and group of the socket's protocol; 0 or errno.
int send_to(int fd, std::uint32_t group, ByteSpan message) {
  sockaddr_nl to{};
  to.nl_family = AF_NETLINK;
  // nl_groups is a mask, so sendto reaches groups 1 to 32.
  to.nl_groups = group == 0 ? 0 : 1U << (group - 1);
  for (;;) {
    const auto sent =
        ::sendto(fd, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (sent >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const {
  nl_socket_free(socket);
}

Error NetlinkSocket::fail(const char* operation, int code) const {
  return errno_error(operation, protocol_name(protocol_), code);
}

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
  nl_sock* raw = nl_socket_alloc();
  if (raw == nullptr) return errno_error("nl_socket_alloc", protocol_name(protocol), ENOMEM);
  NetlinkSocket socket(raw, protocol);
  errno = 0;
  if (const int error = nl_connect(raw, protocol); error < 0) {
    const int code = errno;
    return Error{"nl_connect", protocol_name(protocol), code, nl_geterror(error)};
  }
  return socket;
}

Status NetlinkSocket::set_option(int option, const char* name, int value) {
  if (::setsockopt(fd(), SOL_NETLINK, option, &value, sizeof value) != 0) return fail(name, errno);
  return ok();
}

Status NetlinkSocket::join(std::uint32_t group) {
  return set_option(NETLINK_ADD_MEMBERSHIP, "NETLINK_ADD_MEMBERSHIP", static_cast<int>(group));
}

Status NetlinkSocket::leave(std::uint32_t group) {
  return set_option(NETLINK_DROP_MEMBERSHIP, "NETLINK_DROP_MEMBERSHIP", static_cast<int>(group));
}

Status NetlinkSocket::enable_error_texts() {
  if (auto status = set_option(NETLINK_EXT_ACK, "NETLINK_EXT_ACK", 1); !status) return status;
  return set_option(NETLINK_CAP_ACK, "NETLINK_CAP_ACK", 1);
}

Status NetlinkSocket::send(ByteSpan message) {
  const int code = send_to(fd(), 0, message);
  if (code != 0) return fail("sendto", code);
  return ok();
}

Status NetlinkSocket::send_multicast(std::uint32_t group, ByteSpan message) {
  if (group == 0 || group > 32) return fail("send_multicast", EINVAL);
  const int code = send_to(fd(), group, message);
  if (code != 0 && code != ECONNREFUSED && code != ESRCH) return fail("sendto", code);
  return ok();
}

Result<bool> NetlinkSocket::receive_into(Datagram& datagram, std::chrono::milliseconds timeout) {
  pollfd wait{fd(), POLLIN, 0};
  const int ready = ::poll(&wait, 1, timeout.count() < 0 ? -1 : static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) return fail("poll", errno);
  if (ready <= 0) return false;
  datagram.bytes.resize(std::max(datagram.bytes.capacity(), kFirstBuffer));
  for (;;) {
    sockaddr_nl from{};
    iovec data{datagram.bytes.data(), datagram.bytes.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    // A look first, so that a long datagram is never cut.
    const auto size = ::recvmsg(fd(), &message, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size < 0) return fail("recvmsg", errno);
    if (static_cast<std::size_t>(size) > datagram.bytes.size() && datagram.bytes.size() < kLargestDatagram) {
      datagram.bytes.resize(std::min(static_cast<std::size_t>(size), kLargestDatagram));
      continue;
    }
    const auto read = ::recvmsg(fd(), &message, MSG_DONTWAIT);
    if (read < 0) return fail("recvmsg", errno);
    datagram.bytes.resize(static_cast<std::size_t>(read));
    datagram.sender_port = from.nl_pid;
    datagram.group_mask = from.nl_groups;
    if ((message.msg_flags & MSG_TRUNC) != 0) return fail("recvmsg", EMSGSIZE);
    return true;
  }
}

Result<std::optional<Datagram>> NetlinkSocket::receive(std::chrono::milliseconds timeout) {
  Datagram datagram;
  auto got = receive_into(datagram, timeout);
  if (!got) return got.error();
  if (!*got) return std::optional<Datagram>{};
  return std::optional<Datagram>{std::move(datagram)};
}

Status NetlinkSocket::set_receive_buffer(std::size_t bytes) {
  const int value = static_cast<int>(bytes);
  // FORCE passes net.core.rmem_max and needs CAP_NET_ADMIN; without it take what is allowed.
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof value) == 0) return ok();
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &value, sizeof value) != 0) return fail("SO_RCVBUF", errno);
  return ok();
}

Status NetlinkSocket::set_send_buffer(std::size_t bytes) {
  const int value = static_cast<int>(bytes);
  if (::setsockopt(fd(), SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof value) == 0) return ok();
  if (::setsockopt(fd(), SOL_SOCKET, SO_SNDBUF, &value, sizeof value) != 0) return fail("SO_SNDBUF", errno);
  return ok();
}

int NetlinkSocket::fd() const {
  return nl_socket_get_fd(socket_.get());
}
std::uint32_t NetlinkSocket::port() const {
  return nl_socket_get_local_port(socket_.get());
}

}  // namespace bulkhead::netlink
