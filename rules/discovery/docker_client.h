// What the Docker source asks of an engine: whole answers, and a stream of lines. What the response tells it: post().
//
// Thread   get(), post() and follow() on the source's thread; stop() from any.
// Errors   the environment lane: which path, errno or HTTP status, the engine's text.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::rules {

class DockerClient {
 public:
  virtual ~DockerClient() = default;
  // The body of a 200 answer.
  [[nodiscard]] virtual Result<std::string> get(const std::string& path) = 0;
  // Sends `body` as JSON; the answer's body where its status is one of 200 to 299.
  [[nodiscard]] virtual Result<std::string> post(const std::string& path, const std::string& body) = 0;
  // Hands over line after line until the stream ends (an error: it should not), `line` answers false, or stop().
  [[nodiscard]] virtual Status follow(const std::string& path, const std::function<bool(std::string_view)>& line) = 0;
  // Ends a follow() that is going on, and every later one at once.
  virtual void stop() = 0;
};

}  // namespace bulkhead::rules
