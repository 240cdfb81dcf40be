// What the Kubernetes source asks of an API server: whole answers, and a stream of lines.
//
// Thread   get() and follow() on one thread; stop() from any.
// Errors   the environment lane: no connection, a certificate that nobody vouches for. A refusal is an answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::rules {

struct KubernetesAnswer {
  int status = 0;
  std::string body;  // of follow(): of a refusal
};

class KubernetesClient {
 public:
  virtual ~KubernetesClient() = default;
  [[nodiscard]] virtual Result<KubernetesAnswer> get(const std::string& path) = 0;
  // Calls `opened` when the server has agreed (status 200), then hands over line after line until the server ends the
  // stream (status 200), `line` answers false, or stop().
  [[nodiscard]] virtual Result<KubernetesAnswer> follow(const std::string& path, const std::function<void()>& opened,
                                                        const std::function<bool(std::string_view)>& line) = 0;
  // Ends what is going on, and every later call at once.
  virtual void stop() = 0;
};

struct KubernetesAccess {
  std::string host;
  int port = 443;
  std::string token_file, ca_file;  // read for each request: both are renewed while we run
};

[[nodiscard]] std::unique_ptr<KubernetesClient> make_https_kubernetes_client(KubernetesAccess access);
// "https://10.0.0.1:6443", "https://[fd00::1]", or empty: KUBERNETES_SERVICE_HOST and _PORT; with token and ca.crt of a
// directory. An error says what is missing.
[[nodiscard]] Result<KubernetesAccess> kubernetes_access(const std::string& server, const std::string& credentials);

}  // namespace bulkhead::rules
