// What the CRI source asks of a container runtime: whole answers, and a stream of messages.
//
// Thread   call() on one thread, follow() on another; stop() from any.
// Errors   the environment lane: no connection, a server that does not speak gRPC. A refusal is an answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::rules {

inline constexpr int kGrpcDeadlineExceeded = 4, kGrpcNotFound = 5, kGrpcResourceExhausted = 8;
inline constexpr int kGrpcUnimplemented = 12, kGrpcUnavailable = 14;

struct CriAnswer {
  int status = 0;    // of gRPC; 0: fine
  std::string text;  // of a refusal
  std::string body;  // of call(): the message, as protocol buffers have it
};

class CriClient {
 public:
  virtual ~CriClient() = default;
  // `method` of runtime.v1.RuntimeService: "Version".
  [[nodiscard]] virtual Result<CriAnswer> call(const std::string& method, const std::string& request) = 0;
  // Hands over message after message until the server ends the stream (its status), `message` answers false, or stop().
  [[nodiscard]] virtual Result<CriAnswer> follow(const std::string& method, const std::string& request,
                                                 const std::function<bool(std::string_view)>& message) = 0;
  // Ends what is going on, and every later call at once.
  virtual void stop() = 0;
};

// Over a unix socket; a connection for calls, one for the stream, each made when it is needed.
[[nodiscard]] std::unique_ptr<CriClient> make_grpc_cri_client(const std::string& socket_path);

}  // namespace bulkhead::rules
