// A small HTTP server for one machine's own use: /metrics, and the page.
//
// Thread   start(), stop() by one; the handler is called on the server's threads, several at a time.
// In       "127.0.0.1:9477", "[::1]:9477"; port 0 takes a free one (port() tells).
// Limits   kMaxBody bytes a request, four at a time, five seconds for a client that is slow.
// Errors   start(): the environment lane. A handler that throws is a 500.
// Tests    tests/unit/config/metrics/http_server_test.cpp
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/result.h"

namespace bulkhead::config::metrics {

struct HttpRequest {
  std::string method, path, body;
  std::map<std::string, std::string> query;
  std::function<std::string(const char*)> header;  // empty: there is none of that name
};
struct HttpResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class HttpServer {
 public:
  static constexpr std::size_t kMaxBody = 2U << 20;
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] Status start(const std::string& listen);
  void stop();
  [[nodiscard]] int port() const { return port_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  int port_ = 0;
};

}  // namespace bulkhead::config::metrics
