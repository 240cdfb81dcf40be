// Namespaces, pods and network policies of a cluster, followed at its API server: a list of each kind, then its
// changes.
//
//   one thread for each kind:
//     list (in pages) -> watch from its version -> changes, bookmarks ... the stream ends -> watch on from the last
//     version
//                                                  410 Gone, an hour   -> list anew
//                                                  no connection, 401  -> wait, try again from there
//                                                  404                 -> the cluster does not have the kind; ask later
//
// Thread   start(), stop(), snapshot() from the control thread; one thread inside for each kind.
// Rules    while the server is away the last snapshot stays. A list replaces a kind whole, once its last page is there.
// Limits   kMostObjects of a kind; beyond, the kind keeps what it had and says so. Waits double up to retry_most.
// Errors   last_error(): why a kind cannot be read at the moment.
// Tests    tests/unit/rules/discovery/kubernetes_source_test.cpp, tests/kubernetes/ (a scripted server, TLS)
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rules/discovery/kubernetes_api.h"
#include "rules/discovery/kubernetes_client.h"

namespace bulkhead::rules {

// A policy of the cluster, as the files of policies have it.
struct ClusterManifest {
  std::string name;  // "networkpolicies shop/web": where a mistake is
  std::string text;
  auto operator<=>(const ClusterManifest&) const = default;
};

struct KubernetesSnapshot {
  std::vector<KubernetesObject> namespaces, pods;
  std::vector<ClusterManifest> manifests;  // by kind and name
};

struct KubernetesSettings {
  std::chrono::milliseconds retry_first{200};
  std::chrono::milliseconds retry_most{15000};
  std::chrono::milliseconds ask_again{60000};  // for a kind that the cluster does not have
  std::chrono::seconds resync{3600};
};

class KubernetesSource {
 public:
  static constexpr std::size_t kMostObjects = 200000;
  using MakeClient = std::function<std::unique_ptr<KubernetesClient>()>;

  explicit KubernetesSource(const MakeClient& make_client, KubernetesSettings settings = {});
  ~KubernetesSource();
  KubernetesSource(const KubernetesSource&) = delete;
  KubernetesSource& operator=(const KubernetesSource&) = delete;

  void start();
  void stop();
  [[nodiscard]] KubernetesSnapshot snapshot() const;
  // Every kind has been read, or the cluster does not have it.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::optional<Error> last_error() const;
  [[nodiscard]] std::uint64_t lists() const { return lists_; }
  // Readable after a change; acknowledge() makes it silent again.
  [[nodiscard]] int event_fd() const { return event_fd_; }
  void acknowledge();

 private:
  struct Kind {
    std::string path;  // "/api/v1/pods"
    KubernetesKind kind = KubernetesKind::kPolicy;
    std::unique_ptr<KubernetesClient> client;
    std::thread thread;
    std::map<std::string, KubernetesObject> objects;  // from here on under mutex_
    bool known = false;
    std::optional<Error> error;
    // of its thread:
    std::string version;  // empty: a list is due
    std::chrono::steady_clock::time_point listed;
  };
  void run(Kind& kind);
  [[nodiscard]] Status list(Kind& kind);
  [[nodiscard]] Status watch(Kind& kind);
  [[nodiscard]] bool take(Kind& kind, std::string_view line, Status& problem);
  [[nodiscard]] Status refused(Kind& kind, const KubernetesAnswer& answer);
  void changed();

  const KubernetesSettings settings_;
  int event_fd_ = -1;
  std::atomic<std::uint64_t> lists_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Kind>> kinds_;
};

// Pods as workloads, those of other nodes too: policies name them as peers.
[[nodiscard]] std::vector<Workload> kubernetes_workloads(const KubernetesSnapshot& snapshot);

}  // namespace bulkhead::rules
