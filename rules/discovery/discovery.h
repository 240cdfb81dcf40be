// What is told about workloads by themselves: Docker containers with their ports, pods of this node with theirs (CRI),
// pods and policies of a cluster, and the addresses of this node.
//
// Thread   control thread; the sources have threads of their own inside.
// In       poll() when a descriptor of fds() is readable, and now and then.
// Out      discovered(): workloads in the order of their names.
// Errors   the environment lane. An engine that cannot be read is a problem(), not an error: what is known stays,
//          except what the kernel says is gone.
// Tests    tests/unit/rules/discovery/discovery_test.cpp, tests/docker/docker_test.py (a real engine)
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/discovery/cri_source.h"
#include "rules/discovery/docker_source.h"
#include "rules/discovery/inventory.h"
#include "rules/discovery/kubernetes_source.h"
#include "rules/discovery/link_monitor.h"

namespace bulkhead::rules {

struct DiscoverySettings {
  std::string docker_socket;  // empty: no engine
  std::string node_name;      // empty: the host's name
  DockerSettings docker;
  std::string cri_socket;  // empty: no runtime
  CriSettings cri;
  std::optional<KubernetesAccess> kubernetes;  // none: no cluster
};

struct Discovered {
  std::vector<Workload> workloads;
  Node node;                               // this one; without addresses when there are none
  std::vector<ClusterManifest> manifests;  // policies of the cluster

  // Names, labels, ports, addresses, images, posture and policies; places do not count.
  [[nodiscard]] bool same_as(const Discovered& other) const;
};

// A copy of `base` with what was discovered; entries of `base` win, and what contradicts them is said.
[[nodiscard]] std::shared_ptr<Inventory> with_discovered(const Inventory& base, const Discovered& discovered,
                                                         std::vector<std::string>& contradictions);

class Discovery {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Discovery>> open(const DiscoverySettings& settings);

  [[nodiscard]] std::vector<int> fds() const;
  // True: discovered() changed.
  [[nodiscard]] Result<bool> poll();
  [[nodiscard]] const Discovered& discovered() const { return discovered_; }
  [[nodiscard]] const LinkTable& links() const { return monitor_->links(); }
  // Whether the engine has answered since the start, or there is none to ask.
  [[nodiscard]] bool complete() const {
    return (docker_ == nullptr || docker_->lists() != 0) && (kubernetes_ == nullptr || kubernetes_->complete()) &&
           (cri_ == nullptr || cri_->complete());
  }
  // Why the engine cannot be read at the moment; none: it can.
  [[nodiscard]] std::optional<Error> problem() const;
  // Of the runtime of pods; none: none is followed.
  [[nodiscard]] std::optional<CriCounts> cri_counts() const;
  // Its pods and containers whose status cannot be read, and why.
  [[nodiscard]] std::vector<std::string> cri_cannot_read() const;
  // Endpoints whose port was not found.
  [[nodiscard]] std::size_t unresolved() const { return unresolved_; }

 private:
  Discovery(std::unique_ptr<LinkMonitor> monitor, const DiscoverySettings& settings);
  [[nodiscard]] Discovered build();
  void add_containers(Discovered& to);
  void add_runtime(Discovered& to, const std::map<std::string, Labels>& spaces);
  [[nodiscard]] NamespaceAnswer namespace_of(const CriSandbox& sandbox);

  std::unique_ptr<LinkMonitor> monitor_;
  std::unique_ptr<DockerSource> docker_;
  std::unique_ptr<KubernetesSource> kubernetes_;
  std::unique_ptr<CriSource> cri_;
  std::string node_name_;
  Discovered discovered_;
  std::size_t unresolved_ = 0;
  int tries_left_ = 0;  // to find ports that the kernel has not told about yet
  std::chrono::steady_clock::time_point next_try_;
};

}  // namespace bulkhead::rules
