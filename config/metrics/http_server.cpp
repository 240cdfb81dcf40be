#include "config/metrics/http_server.h"

#include <httplib.h>

#include <charconv>
#include <thread>

namespace bulkhead::config::metrics {

struct HttpServer::State {
  httplib::Server server;
  std::thread thread;
  Handler handler;
};

HttpServer::HttpServer(Handler handler) : state_(std::make_unique<State>()) {
  state_->handler = std::move(handler);
}

HttpServer::~HttpServer() {
  stop();
}

Status HttpServer::start(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  int port = -1;
  if (colon != std::string::npos) {
    const char* end = listen.data() + listen.size();
    const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end) port = -1;
  }
  if (host.empty() || port < 0 || port > 65535) {
    return Error{"listen", listen, 0, "an address and a port are needed: 127.0.0.1:9477"};
  }
  httplib::Server& server = state_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(4); };  // httplib deletes it
  server.set_payload_max_length(kMaxBody);
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  server.set_keep_alive_timeout(5);
  // Without SO_REUSEPORT, httplib's default: a second daemon must hear that the port is taken.
  server.set_socket_options([](int fd) {
    const int yes = 1;
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
  });
  const auto answer = [this](const httplib::Request& in, httplib::Response& out) {
    HttpRequest request{in.method, in.path, in.body, {}, [&in](const char* name) { return in.get_header_value(name); }};
    for (const auto& [name, value] : in.params) request.query.emplace(name, value);
    HttpResponse response = state_->handler(request);
    out.status = response.status;
    for (auto& [name, value] : response.headers) out.set_header(name.c_str(), value);
    out.set_content(response.body, response.type.c_str());
  };
  server.Get(".*", answer);
  server.Post(".*", answer);
  if (port == 0) {
    port_ = server.bind_to_any_port(host.c_str());
  } else {
    port_ = server.bind_to_port(host.c_str(), port) ? port : -1;
  }
  if (port_ <= 0) return errno_error("listen", listen);
  state_->thread = std::thread([this] { state_->server.listen_after_bind(); });
  return ok();
}

void HttpServer::stop() {
  if (!state_->thread.joinable()) return;
  // A stop before the loop has begun would be forgotten.
  while (!state_->server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  state_->server.stop();
  state_->thread.join();
}

}  // namespace bulkhead::config::metrics
