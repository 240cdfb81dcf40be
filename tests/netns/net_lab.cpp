#include "tests/netns/net_lab.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace bulkhead::testing {

namespace {

using std::chrono::milliseconds;

std::uint16_t local_port(int fd) {
  SocketAddress own;
  own.length = sizeof own.storage;
  if (::getsockname(fd, own.get(), &own.length) != 0) return 0;
  const auto* in = reinterpret_cast<const sockaddr_in*>(&own.storage);  // the port lies alike in both
  return ntohs(in->sin_port);
}

int domain_of(IpFamily family) {
  return family == IpFamily::kV4 ? AF_INET : AF_INET6;
}

bool wait_for(int fd, short events, milliseconds timeout) {
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, static_cast<int>(timeout.count())) == 1;
}

Probe probe_of_errno(int code) {
  switch (code) {
    case 0: return Probe::kPassed;
    case ECONNREFUSED: return Probe::kRefused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EACCES:
    case EPERM: return Probe::kUnreachable;
    default: return Probe::kFailed;
  }
}

Probe finish_connect(int fd, milliseconds timeout) {
  if (!wait_for(fd, POLLOUT, timeout)) return Probe::kTimedOut;
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  return probe_of_errno(code);
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  return static_cast<bool>(file.flush());
}

}  // namespace

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  if (address.is_v4()) {
    auto* in = reinterpret_cast<sockaddr_in*>(&out.storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, address.bytes().data(), 4);
    out.length = sizeof *in;
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&out.storage);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    std::memcpy(&in->sin6_addr, address.bytes().data(), 16);
    out.length = sizeof *in;
  }
  return out;
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}
FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

const char* to_string(Probe probe) {
  switch (probe) {
    case Probe::kPassed: return "passed";
    case Probe::kRefused: return "refused";
    case Probe::kUnreachable: return "unreachable";
    case Probe::kTimedOut: return "timed out";
    case Probe::kFailed: return "failed";
  }
  return "failed";
}

std::string NetLab::missing() {
  if (::geteuid() != 0) return "network namespaces need root";
  if (std::system("ip -V >/dev/null 2>&1") != 0) return "the ip command is not installed";
  return "";
}

NetLab::NetLab(const std::vector<std::string>& names, bool bridge_netfilter) {
  before_ = FileDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!before_.valid() || ::unshare(CLONE_NEWNET) != 0) {
    problem_ = std::string("unshare: ") + std::strerror(errno);
    return;
  }
  node_ = FileDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY));
  if (!run("ip link set lo up && ip link add br0 type bridge forward_delay 0 && ip link set br0 up && "
           "ip addr add 10.77.0.1/24 dev br0 && ip addr add fd77::1/64 dev br0 nodad")) {
    problem_ = "cannot make the bridge";
    return;
  }
  const std::string value = bridge_netfilter ? "1" : "0";
  const bool set = write_file("/proc/sys/net/bridge/bridge-nf-call-iptables", value) &&
                   write_file("/proc/sys/net/bridge/bridge-nf-call-ip6tables", value);
  if (bridge_netfilter && !set) problem_ = "this kernel has no br_netfilter";
  for (const std::string& name : names) {
    if (!add_host(name)) problem_ = "cannot make host " + name;
  }
}

NetLab::~NetLab() {
  if (before_.valid()) ::setns(before_.get(), CLONE_NEWNET);
}

bool NetLab::add_host(const std::string& name) {
  return make_host(name, next_number_++);
}

bool NetLab::make_host(const std::string& name, unsigned number) {
  Host host;
  host.name = name;
  host.interface = "veth-" + name;
  host.v4 = *IpAddress::parse("10.77.0." + std::to_string(number));
  host.v6 = *IpAddress::parse("fd77::" + std::to_string(number));
  if (::unshare(CLONE_NEWNET) != 0) return false;
  host.space = FileDescriptor(::open("/proc/thread-self/ns/net", O_RDONLY));
  leave();
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(host.space.get());
  const std::string v4 = host.v4.to_string(), v6 = host.v6.to_string(), interface = host.interface;
  hosts_.emplace(name, std::move(host));
  return run("ip link add " + interface + " type veth peer name eth0 netns " + path + " && ip link set " + interface +
             " master br0 up") &&
         run("ip link set lo up && ip link set eth0 up && ip addr add " + v4 + "/24 dev eth0 && ip addr add " + v6 +
                 "/64 dev eth0 nodad && ip route add default via 10.77.0.1 && ip -6 route add default via fd77::1",
             name) &&
         // The bridge learns of the carrier from a work queue: on a busy machine a second later.
         run("for i in $(seq 60); do ip -d link show dev " + interface +
             " | grep -q 'state forwarding' && exit 0; sleep 0.05; done; exit 1");
}

bool NetLab::enter(const std::string& name) {
  if (name.empty() || name == "node") return ::setns(node_.get(), CLONE_NEWNET) == 0;
  return ::setns(hosts_.at(name).space.get(), CLONE_NEWNET) == 0;
}
void NetLab::leave() {
  ::setns(node_.get(), CLONE_NEWNET);
}

bool NetLab::run(const std::string& command, const std::string& host) {
  if (!enter(host)) return false;
  const bool good = std::system(command.c_str()) == 0;
  leave();
  return good;
}

std::string NetLab::output(const std::string& command, const std::string& host) {
  std::string out;
  if (!enter(host)) return out;
  if (FILE* pipe = ::popen(command.c_str(), "r")) {
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
    ::pclose(pipe);
  }
  leave();
  return out;
}

IpAddress NetLab::address_of(const std::string& name, IpFamily family) const {
  if (name == "node") return *IpAddress::parse(family == IpFamily::kV4 ? "10.77.0.1" : "fd77::1");
  return hosts_.at(name).address(family);
}

FileDescriptor NetLab::socket_in(const std::string& name, int domain, int type, int protocol) {
  if (!enter(name)) return {};
  FileDescriptor fd(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  leave();
  const int on = 1;
  if (fd.valid()) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

Probe NetLab::tcp(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                  milliseconds timeout) {
  FileDescriptor server = socket_in(to, domain_of(family), SOCK_STREAM, 0);
  FileDescriptor client = socket_in(from, domain_of(family), SOCK_STREAM, 0);
  SocketAddress target = socket_address(address_of(to, family), port);
  if (::bind(server.get(), target.get(), target.length) != 0 || ::listen(server.get(), 1) != 0) return Probe::kFailed;
  if (::connect(client.get(), target.get(), target.length) != 0 && errno != EINPROGRESS) return probe_of_errno(errno);
  return finish_connect(client.get(), timeout);
}

Probe NetLab::tcp_by(const std::string& from, const IpAddress& address, std::uint16_t port, const std::string& to,
                     std::uint16_t own_port, milliseconds timeout) {
  const IpFamily family = address.family();
  FileDescriptor server = socket_in(to, domain_of(family), SOCK_STREAM, 0);
  FileDescriptor client = socket_in(from, domain_of(family), SOCK_STREAM, 0);
  SocketAddress own = socket_address(address_of(to, family), own_port);
  SocketAddress target = socket_address(address, port);
  if (::bind(server.get(), own.get(), own.length) != 0 || ::listen(server.get(), 1) != 0) return Probe::kFailed;
  if (::connect(client.get(), target.get(), target.length) != 0 && errno != EINPROGRESS) return probe_of_errno(errno);
  return finish_connect(client.get(), timeout);
}

unsigned NetLab::datagrams(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                           unsigned count) {
  FileDescriptor server = socket_in(to, domain_of(family), SOCK_DGRAM, 0);
  FileDescriptor client = socket_in(from, domain_of(family), SOCK_DGRAM, 0);
  SocketAddress target = socket_address(address_of(to, family), port);
  if (::bind(server.get(), target.get(), target.length) != 0) return 0;
  if (::connect(client.get(), target.get(), target.length) != 0) return 0;
  unsigned arrived = 0;
  for (unsigned i = 0; i < count; ++i) {
    static_cast<void>(::send(client.get(), "x", 1, 0));
    if (!wait_for(server.get(), POLLIN, milliseconds(60))) continue;
    char byte = 0;
    SocketAddress asker;
    asker.length = sizeof asker.storage;
    if (::recvfrom(server.get(), &byte, 1, 0, asker.get(), &asker.length) != 1) continue;
    if (++arrived == 1) static_cast<void>(::sendto(server.get(), "y", 1, 0, asker.get(), asker.length));
  }
  return arrived;
}

bool NetLab::connect(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                     TcpPair& pair) {
  FileDescriptor server = socket_in(to, domain_of(family), SOCK_STREAM, 0);
  pair.client = socket_in(from, domain_of(family), SOCK_STREAM, 0);
  SocketAddress target = socket_address(address_of(to, family), port);
  if (::bind(server.get(), target.get(), target.length) != 0 || ::listen(server.get(), 1) != 0) return false;
  if (::connect(pair.client.get(), target.get(), target.length) != 0 && errno != EINPROGRESS) return false;
  if (finish_connect(pair.client.get(), milliseconds(5000)) != Probe::kPassed) return false;
  if (!wait_for(server.get(), POLLIN, milliseconds(5000))) return false;
  pair.server = FileDescriptor(::accept4(server.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  pair.client_address = address_of(from, family);
  pair.server_address = address_of(to, family);
  pair.client_port = local_port(pair.client.get());
  pair.server_port = port;
  return pair.server.valid();
}

bool TcpPair::carries(bool from_client, milliseconds timeout) {
  const int out = from_client ? client.get() : server.get();
  const int in = from_client ? server.get() : client.get();
  char byte = 'x';
  if (::send(out, &byte, 1, MSG_NOSIGNAL) != 1) return false;
  return wait_for(in, POLLIN, timeout) && ::recv(in, &byte, 1, 0) == 1;
}

Probe NetLab::udp(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                  std::uint16_t source_port, milliseconds timeout) {
  FileDescriptor server = socket_in(to, domain_of(family), SOCK_DGRAM, 0);
  FileDescriptor client = socket_in(from, domain_of(family), SOCK_DGRAM, 0);
  SocketAddress target = socket_address(address_of(to, family), port);
  SocketAddress own = socket_address(address_of(from, family), source_port);
  if (::bind(server.get(), target.get(), target.length) != 0) return Probe::kFailed;
  if (::bind(client.get(), own.get(), own.length) != 0) return Probe::kFailed;
  if (::connect(client.get(), target.get(), target.length) != 0) return probe_of_errno(errno);
  if (::send(client.get(), "ask", 3, 0) != 3) return probe_of_errno(errno);
  // A reject shows as an error on the client's socket.
  std::array<pollfd, 2> both = {pollfd{server.get(), POLLIN, 0}, pollfd{client.get(), POLLIN, 0}};
  if (::poll(both.data(), 2, static_cast<int>(timeout.count())) < 1) return Probe::kTimedOut;
  if ((both[0].revents & POLLIN) == 0) {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, 0) < 0 ? probe_of_errno(errno) : Probe::kFailed;
  }
  char text[8] = {};
  SocketAddress asker;
  asker.length = sizeof asker.storage;
  if (::recvfrom(server.get(), text, sizeof text, 0, asker.get(), &asker.length) != 3) return Probe::kFailed;
  if (::sendto(server.get(), "answer", 6, 0, asker.get(), asker.length) != 6) return probe_of_errno(errno);
  if (!wait_for(client.get(), POLLIN, timeout)) return Probe::kTimedOut;
  return ::recv(client.get(), text, sizeof text, 0) == 6 ? Probe::kPassed : Probe::kFailed;
}

Probe NetLab::ping(const std::string& from, const std::string& to, IpFamily family, milliseconds timeout) {
  const bool v4 = family == IpFamily::kV4;
  FileDescriptor raw = socket_in(from, domain_of(family), SOCK_RAW, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6});
  if (!raw.valid()) return Probe::kFailed;
  static std::uint16_t sequence = 0;
  ++sequence;
  Byte request[16] = {static_cast<Byte>(v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST), 0, 0, 0, 0x42, 0x17};
  store_be16(request + 6, sequence);
  if (v4) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < sizeof request; i += 2) sum += load_be16(request + i);
    sum = (sum & 0xffff) + (sum >> 16);
    store_be16(request + 2, static_cast<std::uint16_t>(~(sum + (sum >> 16))));
  }
  SocketAddress target = socket_address(address_of(to, family), 0);
  if (::sendto(raw.get(), request, sizeof request, 0, target.get(), target.length) < 0) return probe_of_errno(errno);
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !wait_for(raw.get(), POLLIN, left)) return Probe::kTimedOut;
    Byte answer[256];
    const auto size = ::recv(raw.get(), answer, sizeof answer, 0);
    const Byte* icmp = v4 ? answer + (answer[0] & 15) * 4 : answer;
    if (size < 8 || icmp + 8 > answer + size) continue;
    const Byte reply = v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
    if (icmp[0] == reply && load_be16(icmp + 4) == 0x4217 && load_be16(icmp + 6) == sequence) return Probe::kPassed;
  }
}

}  // namespace bulkhead::testing
