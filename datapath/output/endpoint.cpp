#include "datapath/output/endpoint.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <memory>

namespace bulkhead::output {

namespace {

Error not_an_endpoint(std::string_view text, const char* why) {
  return Error{"address", "\"" + std::string(text) + "\"", 0, why};
}

// Sends and receives give up after a second, so that whoever waits can see that the program ends.
void wait_a_second_at_a_time(int fd) {
  const timeval second{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
}

Status connect_fd(int fd, const sockaddr* address, socklen_t length, const std::string& name,
                  std::chrono::milliseconds patience) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  if (::connect(fd, address, length) != 0) {
    if (errno != EINPROGRESS) return errno_error("connect", name);
    pollfd one{fd, POLLOUT, 0};
    if (::poll(&one, 1, static_cast<int>(patience.count())) <= 0) return errno_error("connect", name, ETIMEDOUT);
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return errno_error("connect", name, code);
  }
  ::fcntl(fd, F_SETFL, flags);
  wait_a_second_at_a_time(fd);
  return ok();
}

Result<Socket> connect_unix(const Endpoint& endpoint, std::chrono::milliseconds patience) {
  const bool datagrams = endpoint.kind == Endpoint::Kind::kUnixDatagram;
  Socket socket(::socket(AF_UNIX, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno_error("socket", endpoint.path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.size() >= sizeof address.sun_path) return errno_error("connect", endpoint.path, ENAMETOOLONG);
  endpoint.path.copy(address.sun_path, sizeof address.sun_path - 1);
  const Status connected = connect_fd(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address,
                                      endpoint.to_string(), patience);
  if (!connected) return connected.error();
  return socket;
}

Result<Socket> connect_host(const Endpoint& endpoint, std::chrono::milliseconds patience) {
  addrinfo hints{};
  hints.ai_socktype = endpoint.kind == Endpoint::Kind::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
      code != 0) {
    return Error{"resolve", endpoint.host, 0, ::gai_strerror(code)};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  Error last = errno_error("connect", endpoint.to_string(), EADDRNOTAVAIL);
  for (const addrinfo* i = list; i != nullptr; i = i->ai_next) {
    Socket socket(::socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, i->ai_protocol));
    if (!socket.is_open()) {
      last = errno_error("socket", endpoint.to_string());
      continue;
    }
    const Status connected = connect_fd(socket.fd(), i->ai_addr, i->ai_addrlen, endpoint.to_string(), patience);
    if (connected) return socket;
    last = connected.error();
  }
  return last;
}

}  // namespace

std::string Endpoint::to_string() const {
  if (kind == Kind::kUnixStream || kind == Kind::kUnixDatagram) return path;
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return (kind == Kind::kUdp ? "udp://" : "tcp://") + name + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint out;
  std::string_view rest = text;
  if (rest.starts_with("/")) {
    out.path = rest;
    return out;
  }
  out.kind = Endpoint::Kind::kTcp;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::string_view name = rest.substr(0, scheme);
    if (name != "tcp" && name != "udp") return not_an_endpoint(text, "the scheme is neither tcp nor udp");
    if (name == "udp") out.kind = Endpoint::Kind::kUdp;
    rest.remove_prefix(scheme + 3);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return not_an_endpoint(text, "there is no port, and it is no path");
  std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  if (host.starts_with("[") && host.ends_with("]")) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return not_an_endpoint(text, "an IPv6 address stands in brackets: [::1]:514");
  }
  if (host.empty()) return not_an_endpoint(text, "there is no host");
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) {
    return not_an_endpoint(text, "the port is no number from 1 to 65535");
  }
  out.host = host;
  return out;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Socket> connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience) {
  const bool local = endpoint.kind == Endpoint::Kind::kUnixStream || endpoint.kind == Endpoint::Kind::kUnixDatagram;
  return local ? connect_unix(endpoint, patience) : connect_host(endpoint, patience);
}

}  // namespace bulkhead::output
