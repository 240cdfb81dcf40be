// The client's end of one gRPC connection: HTTP/2 in and out as bytes, without a socket. One call at a time. The only
// includer of nghttp2.
//
//   begin(path, request) ... send(): bytes for the server      call:     HEADERS, DATA (one message)
//   take(bytes of the server) ... message(), end()             answer:   HEADERS, DATA (messages), HEADERS
//   (grpc-status) a message is    | 0 | length, 4 bytes, network order | so many bytes |     (compressed ones, flag 1,
//   are not asked for)
//
// Thread   one at a time.
// Limits   kMaxGrpcMessage bytes a message; kMaxGrpcText of what the server says of a refusal; headers by nghttp2 (64
// KiB).
//          Whoever takes messages out after each take() holds one message and what a chunk brings.
// Errors   take(), send(): the server breaks HTTP/2 or gRPC; the connection is of no use any more. A refusal is an
// answer: end(). Source   RFC 9113; github.com/grpc/grpc doc/PROTOCOL-HTTP2.md Tests
// tests/unit/rules/discovery/grpc_session_test.cpp, tests/fuzz/fuzz_grpc_session.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/base/byte_reader.h"
#include "datapath/base/result.h"

struct nghttp2_session;

namespace bulkhead::rules {

inline constexpr std::size_t kMaxGrpcMessage = std::size_t{16} << 20;  // what kubelet accepts of a runtime
inline constexpr std::size_t kMaxGrpcText = 512;

// Whether this program was built with it; create() says so too.
[[nodiscard]] bool has_grpc();

// How a call ended: the number of grpc-status, and what the server says of it.
struct GrpcEnd {
  int status = 0;
  std::string text;
};

// Cuts a stream of bytes into messages.
class GrpcFrames {
 public:
  // False: a message is compressed or too long; nothing is read any more.
  bool feed(std::string_view chunk);
  [[nodiscard]] std::optional<std::string> next();
  [[nodiscard]] bool within_message() const { return !rest_.empty(); }
  [[nodiscard]] const char* problem() const { return problem_; }  // null: none

 private:
  std::string rest_;
  std::deque<std::string> messages_;
  const char* problem_ = nullptr;
};

class GrpcSession {
 public:
  [[nodiscard]] static Result<std::unique_ptr<GrpcSession>> create();
  ~GrpcSession();
  GrpcSession(const GrpcSession&) = delete;
  GrpcSession& operator=(const GrpcSession&) = delete;

  // A call: its path ("/runtime.v1.RuntimeService/Version"), its one message, and how long the server may take (0: for
  // ever). The last one's answer is forgotten.
  [[nodiscard]] Status begin(const std::string& path, std::string_view request, std::chrono::milliseconds timeout);
  // Bytes for the server; empty: none at the moment.
  [[nodiscard]] Result<std::string> send();
  [[nodiscard]] Status take(ByteSpan bytes);

  [[nodiscard]] std::optional<std::string> message() { return frames_.next(); }
  // Once the call has ended; what message() has not given out still comes.
  [[nodiscard]] const std::optional<GrpcEnd>& end() const { return end_; }
  // The server takes no further calls on this connection.
  [[nodiscard]] bool closing() const { return closing_; }

 private:
  GrpcSession() = default;
  struct Callbacks;
  void finish(std::uint32_t http2_error);

  nghttp2_session* session_ = nullptr;
  std::int32_t stream_ = -1;
  std::string request_;
  std::size_t sent_ = 0;
  GrpcFrames frames_;
  int http_status_ = 0;
  std::optional<int> status_;
  std::string text_;
  std::optional<GrpcEnd> end_;
  bool closing_ = false;
};

// "not%20found" as it was meant.
[[nodiscard]] std::string grpc_text(std::string_view encoded);

}  // namespace bulkhead::rules
