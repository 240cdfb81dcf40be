// Where a receiver listens, as operators write it, and a socket that is connected to it.
//
//   /run/redis.sock             a unix socket
//   udp://127.0.0.1:514         udp, tcp; without a scheme tcp
//   [::1]:6379, localhost:6379
//
// Thread   value types; connect_to() by the thread that will use the socket.
// Errors   parse_endpoint(): what is wrong in words. connect_to(): operation, address, errno.
// Limits   waits for at most `patience` to connect; later calls on the socket wait for a second at a time.
// Tests    tests/unit/datapath/output/endpoint_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::output {

struct Endpoint {
  enum class Kind : std::uint8_t { kUnixStream, kUnixDatagram, kTcp, kUdp };
  Kind kind = Kind::kUnixStream;
  std::string path;  // of a unix socket
  std::string host;
  std::uint16_t port = 0;

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool datagrams() const { return kind == Kind::kUnixDatagram || kind == Kind::kUdp; }
};

[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

// A file descriptor that closes itself.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

[[nodiscard]] Result<Socket> connect_to(const Endpoint& endpoint, std::chrono::milliseconds patience);

}  // namespace bulkhead::output
