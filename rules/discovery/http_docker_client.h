// The Docker Engine API over its unix socket. The only includer of cpp-httplib here.
//
// Thread   see docker_client.h.
// Limits   kMaxDockerAnswer bytes an answer, kMaxLine a line of a stream; 5 s for a whole answer.
// Errors   see docker_client.h.
// Tests    tests/unit/rules/discovery/http_docker_client_test.cpp, tests/docker/
#pragma once

#include <memory>
#include <string>

#include "rules/discovery/docker_client.h"

namespace bulkhead::rules {

[[nodiscard]] std::unique_ptr<DockerClient> make_http_docker_client(const std::string& socket_path);

// Cuts a stream of chunks into lines; a line that grows beyond the limit is thrown away and counted.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{1} << 20;
  // False: `line` answered false.
  bool feed(std::string_view chunk, const std::function<bool(std::string_view)>& line);
  [[nodiscard]] std::size_t thrown_away() const { return thrown_away_; }

 private:
  std::string rest_;
  bool skipping_ = false;
  std::size_t thrown_away_ = 0;
};

}  // namespace bulkhead::rules
