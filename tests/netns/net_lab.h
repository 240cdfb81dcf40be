// A small network in namespaces of its own: a node with a bridge, and hosts on veth pairs behind it.
//
//   host a --veth-a--+
//   host b --veth-b--+-- br0 (node 10.77.0.1, fd77::1)
//   host c --veth-c--+
//
// The test's thread stands in the node's namespace; probes step into a host's namespace only to make
// their sockets. Everything goes when the lab goes: namespaces are held by descriptors alone.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "datapath/base/ip_address.h"

namespace bulkhead::testing {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

enum class Probe : std::uint8_t { kPassed, kRefused, kUnreachable, kTimedOut, kFailed };
[[nodiscard]] const char* to_string(Probe probe);

struct TcpPair {
  FileDescriptor client, server;
  IpAddress client_address, server_address;
  std::uint16_t client_port = 0, server_port = 0;
  // Sends through and waits for it at the other end.
  [[nodiscard]] bool carries(bool from_client, std::chrono::milliseconds timeout);
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};
[[nodiscard]] SocketAddress socket_address(const IpAddress& address, std::uint16_t port);

class NetLab {
 public:
  struct Host {
    std::string name;
    std::string interface;  // at the node
    IpAddress v4, v6;
    FileDescriptor space;
    [[nodiscard]] const IpAddress& address(IpFamily family) const { return family == IpFamily::kV4 ? v4 : v6; }
  };

  // Why no lab can be made here; empty: it can.
  [[nodiscard]] static std::string missing();
  // `names`: the hosts, .2 and ::2 on. br_netfilter of the node's namespace as asked.
  NetLab(const std::vector<std::string>& names, bool bridge_netfilter);
  ~NetLab();
  NetLab(const NetLab&) = delete;
  NetLab& operator=(const NetLab&) = delete;

  [[nodiscard]] const Host& host(const std::string& name) const { return hosts_.at(name); }
  [[nodiscard]] const std::string& problem() const { return problem_; }  // empty: the lab stands

  // One more host, with the next number. Its port joins the bridge as the last step.
  bool add_host(const std::string& name);
  // Runs a shell command in the namespace of the host; empty: the node. True: exit status 0.
  bool run(const std::string& command, const std::string& host = "");
  [[nodiscard]] std::string output(const std::string& command, const std::string& host = "");

  // `to` listens for the time of the probe.
  [[nodiscard]] Probe tcp(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                          std::chrono::milliseconds timeout = std::chrono::milliseconds(150));
  // A connection to an address that leads to `to`, where `own_port` listens.
  [[nodiscard]] Probe tcp_by(const std::string& from, const IpAddress& address, std::uint16_t port,
                             const std::string& to, std::uint16_t own_port,
                             std::chrono::milliseconds timeout = std::chrono::milliseconds(150));
  // How many of `count` datagrams of one flow arrive; the first is answered, so that the flow is established.
  [[nodiscard]] unsigned datagrams(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                                   unsigned count);
  // A request and its answer on the same sockets; kPassed when both arrive.
  [[nodiscard]] Probe udp(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                          std::uint16_t source_port = 0,
                          std::chrono::milliseconds timeout = std::chrono::milliseconds(150));
  [[nodiscard]] Probe ping(const std::string& from, const std::string& to, IpFamily family,
                           std::chrono::milliseconds timeout = std::chrono::milliseconds(150));
  [[nodiscard]] bool connect(const std::string& from, const std::string& to, IpFamily family, std::uint16_t port,
                             TcpPair& pair);
  // Address of a host; of "node", the bridge.
  [[nodiscard]] IpAddress address_of(const std::string& name, IpFamily family) const;
  // A socket made in that namespace.
  [[nodiscard]] FileDescriptor socket_in(const std::string& name, int domain, int type, int protocol);

 private:
  bool enter(const std::string& name);
  void leave();
  bool make_host(const std::string& name, unsigned number);

  FileDescriptor before_, node_;
  std::map<std::string, Host> hosts_;
  unsigned next_number_ = 2;
  std::string problem_;
};

}  // namespace bulkhead::testing
