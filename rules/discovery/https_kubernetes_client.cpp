// HTTPS with the account of the pod.
#include <httplib.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <utility>

#include "rules/discovery/http_docker_client.h"
#include "rules/discovery/kubernetes_api.h"
#include "rules/discovery/kubernetes_client.h"

namespace bulkhead::rules {

namespace {

constexpr time_t kAnswerSeconds = 15;
constexpr time_t kStreamSeconds = 400;  // a watch ends by itself after 300; bookmarks come every minute
constexpr std::size_t kMaxToken = 64 * 1024;
constexpr std::size_t kMaxRefusal = 4096;

std::string first_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string out;
  std::getline(file, out);
  if (out.size() > kMaxToken) out.clear();
  while (!out.empty() && (out.back() == '\r' || out.back() == ' ')) out.pop_back();
  return out;
}

class HttpsKubernetesClient : public KubernetesClient {
 public:
  explicit HttpsKubernetesClient(KubernetesAccess access) : access_(std::move(access)) {}

  Result<KubernetesAnswer> get(const std::string& path) override {
    return with_client(path, kAnswerSeconds, [&](httplib::SSLClient& client) -> Result<KubernetesAnswer> {
      KubernetesAnswer out;
      bool too_long = false;
      const auto answer = client.Get(path, headers(), [&](const char* data, std::size_t size) {
        too_long = out.body.size() + size > kMaxKubernetesAnswer;
        if (!too_long) out.body.append(data, size);
        return !too_long && !stopped_;
      });
      if (too_long) return Error{"GET", path, EMSGSIZE, "the answer is too long"};
      if (!answer) return failed(path, answer.error(), client);
      out.status = answer->status;
      return out;
    });
  }

  Result<KubernetesAnswer> follow(const std::string& path, const std::function<void()>& opened,
                                  const std::function<bool(std::string_view)>& line) override {
    return with_client(path, kStreamSeconds, [&](httplib::SSLClient& client) -> Result<KubernetesAnswer> {
      KubernetesAnswer out;
      LineSplitter lines;
      bool wanted = true;
      const auto answer = client.Get(
          path, headers(),
          [&](const httplib::Response& head) {
            out.status = head.status;
            if (out.status == 200) opened();
            return true;
          },
          [&](const char* data, std::size_t size) {
            if (stopped_) return false;
            if (out.status != 200) {
              out.body.append(data, std::min(size, kMaxRefusal - std::min(kMaxRefusal, out.body.size())));
              return true;
            }
            wanted = lines.feed({data, size}, line);
            return wanted;
          });
      if (stopped_ || !wanted) return out;
      if (!answer) return failed(path, answer.error(), client);
      return out;
    });
  }

  void stop() override {
    stopped_ = true;
    const std::lock_guard lock(mutex_);
    if (current_ != nullptr) current_->stop();
  }

 private:
  // A client of its own for each request: certificates of today, and nothing left of a connection that broke.
  template <typename Body>
  Result<KubernetesAnswer> with_client(const std::string& path, time_t seconds, Body body) {
    try {
      httplib::SSLClient client(access_.host, access_.port);
      client.set_ca_cert_path(access_.ca_file.c_str());
      client.enable_server_certificate_verification(true);
      client.set_connection_timeout(kAnswerSeconds, 0);
      client.set_read_timeout(seconds, 0);
      client.set_write_timeout(kAnswerSeconds, 0);
      client.set_follow_location(false);  // the token goes to nobody else
      {
        const std::lock_guard lock(mutex_);
        if (stopped_) return Error{"GET", path, 0, "stopped"};
        current_ = &client;
      }
      auto out = body(client);
      const std::lock_guard lock(mutex_);
      current_ = nullptr;
      return out;
    } catch (const std::exception& e) {
      const std::lock_guard lock(mutex_);
      current_ = nullptr;
      return Error{"GET", path, 0, e.what()};
    }
  }

  [[nodiscard]] httplib::Headers headers() const {
    return {{"Authorization", "Bearer " + first_line(access_.token_file)},
            {"Accept", "application/json"},
            {"User-Agent", "bulkhead"}};
  }
  [[nodiscard]] Error failed(const std::string& path, httplib::Error error, const httplib::SSLClient& client) const {
    std::string text = httplib::to_string(error);
    if (error == httplib::Error::SSLServerVerification) {
      const long verified = client.get_openssl_verify_result();
      if (verified != 0) text += ": " + std::string(X509_verify_cert_error_string(verified));
    }
    return {"GET", "https://" + access_.host + ":" + std::to_string(access_.port) + path, 0, text};
  }

  const KubernetesAccess access_;
  std::mutex mutex_;  // current_
  httplib::SSLClient* current_ = nullptr;
  std::atomic<bool> stopped_{false};
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? "" : value;
}

}  // namespace

std::unique_ptr<KubernetesClient> make_https_kubernetes_client(KubernetesAccess access) {
  return std::make_unique<HttpsKubernetesClient>(std::move(access));
}

Result<KubernetesAccess> kubernetes_access(const std::string& server, const std::string& credentials) {
  KubernetesAccess out;
  std::string port = "443";
  if (server.empty()) {
    out.host = environment("KUBERNETES_SERVICE_HOST");
    if (const std::string told = environment("KUBERNETES_SERVICE_PORT"); !told.empty()) port = told;
    if (out.host.empty()) return Error{"kubernetes", "KUBERNETES_SERVICE_HOST", 0, "is not set: this is no pod"};
  } else {
    constexpr std::string_view kScheme = "https://";
    if (!server.starts_with(kScheme)) return Error{"kubernetes", server, 0, "the address begins with https://"};
    std::string rest = server.substr(kScheme.size());
    while (rest.ends_with('/')) rest.pop_back();
    const std::size_t bracket = rest.find(']');
    const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
    if (colon != std::string::npos) port = rest.substr(colon + 1);
    out.host = rest.substr(0, colon);
    if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port < 1 || out.port > 65535 || out.host.empty())
    return Error{"kubernetes", server, 0, "is no address of a server: https://HOST:PORT"};
  out.token_file = credentials + "/token";
  out.ca_file = credentials + "/ca.crt";
  return out;
}

}  // namespace bulkhead::rules
