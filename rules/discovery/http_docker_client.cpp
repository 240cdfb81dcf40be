#include "rules/discovery/http_docker_client.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include "rules/discovery/docker_api.h"

namespace bulkhead::rules {

namespace {

constexpr time_t kAnswerSeconds = 5;
constexpr time_t kStreamSeconds = 3600;  // silence that long is normal; the loop begins again

class HttpDockerClient : public DockerClient {
 public:
  explicit HttpDockerClient(std::string path) : path_(std::move(path)), stream_(path_) {
    prepare(stream_, kStreamSeconds);
  }

  Result<std::string> get(const std::string& path) override {
    httplib::Request request;
    request.method = "GET";
    request.path = path;
    return whole(std::move(request));
  }

  Result<std::string> post(const std::string& path, const std::string& body) override {
    httplib::Request request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    request.set_header("Content-Type", "application/json");
    return whole(std::move(request));
  }

  Status follow(const std::string& path, const std::function<bool(std::string_view)>& line) override {
    return guarded("GET", path, [&]() -> Status {
      if (stopped_) return ok();
      LineSplitter lines;
      bool wanted = true;
      int status = 0;
      std::string refusal;
      const auto answer = stream_.Get(
          path,
          [&](const httplib::Response& head) {
            status = head.status;
            return true;
          },
          [&](const char* data, std::size_t size) {
            if (stopped_) return false;
            if (status != 200) {
              refusal.append(data, std::min<std::size_t>(size, 500));
              return true;
            }
            wanted = lines.feed({data, size}, line);
            return wanted;
          });
      if (stopped_ || !wanted) return ok();
      if (!answer) return failed("GET", path, answer.error());
      if (answer->status != 200) return refused("GET", path, answer->status, refusal);
      return Error{"GET", path, 0, "the stream ended"};
    });
  }

  void stop() override {
    stopped_ = true;
    stream_.stop();
  }

 private:
  // One request on a connection of its own, its answer up to the limit.
  Result<std::string> whole(httplib::Request request) {
    const std::string method = request.method, path = request.path;
    return guarded(method, path, [&]() -> Result<std::string> {
      httplib::Client client(path_);
      prepare(client, kAnswerSeconds);
      std::string body;
      bool too_long = false;
      request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
        too_long = body.size() + size > kMaxDockerAnswer;
        if (!too_long) body.append(data, size);
        return !too_long;
      };
      const auto answer = client.send(request);
      if (too_long) return Error{method, path, EMSGSIZE, "the answer is too long"};
      if (!answer) return failed(method, path, answer.error());
      if (answer->status < 200 || answer->status > 299) return refused(method, path, answer->status, body);
      return body;
    });
  }
  static void prepare(httplib::Client& client, time_t seconds) {
    client.set_address_family(AF_UNIX);
    client.set_default_headers({{"Host", "docker"}});
    client.set_connection_timeout(kAnswerSeconds, 0);
    client.set_read_timeout(seconds, 0);
    client.set_write_timeout(kAnswerSeconds, 0);
  }
  Error failed(const std::string& method, const std::string& path, httplib::Error error) const {
    return {method, path_ + ":" + path, 0, httplib::to_string(error)};
  }
  static Error refused(const std::string& method, const std::string& path, int status, const std::string& body) {
    return {method, path, 0, "HTTP " + std::to_string(status) + " " + body.substr(0, 200)};
  }
  // The library's exceptions end here.
  template <typename Body>
  auto guarded(const std::string& method, const std::string& path, Body body) -> decltype(body()) {
    try {
      return body();
    } catch (const std::exception& e) {
      return Error{method, path, 0, e.what()};
    }
  }

  std::string path_;
  httplib::Client stream_;
  std::atomic<bool> stopped_{false};
};

}  // namespace

std::unique_ptr<DockerClient> make_http_docker_client(const std::string& socket_path) {
  return std::make_unique<HttpDockerClient>(socket_path);
}

bool LineSplitter::feed(std::string_view chunk, const std::function<bool(std::string_view)>& line) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end);
    chunk.remove_prefix(end == std::string_view::npos ? chunk.size() : end + 1);
    if (!skipping_ && rest_.size() + part.size() > kMaxLine) {
      skipping_ = true;
      rest_.clear();
      ++thrown_away_;
    }
    if (!skipping_) rest_.append(part);
    if (end == std::string_view::npos) return true;
    const std::string whole = std::exchange(rest_, {});
    if (!std::exchange(skipping_, false) && !whole.empty() && !line(whole)) return false;
  }
  return true;
}

}  // namespace bulkhead::rules
