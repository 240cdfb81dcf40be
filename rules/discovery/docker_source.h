// Containers of a Docker engine, followed over its API: a list at the start, then event by event.
//
//   own thread:  list -> inspect each -> events since the list began ... engine gone -> wait, begin again
//   reader:      snapshot() at any time; event_fd() is readable when it changed
//
// Thread   start(), stop() and snapshot() from the control thread; one thread inside.
// Rules    while the engine is away the last snapshot stays (its containers may live on), and connected is false.
//          A container that is not running, or that the engine no longer knows, is not in it.
// Limits   retry_first to retry_most between attempts, doubling.
// Errors   last_error(): why the engine cannot be read at the moment.
// Tests    tests/unit/rules/discovery/docker_source_test.cpp (recorded answers), tests/docker/
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

#include "rules/discovery/docker_api.h"
#include "rules/discovery/docker_client.h"
#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

struct DockerSnapshot {
  bool connected = false;
  std::vector<DockerContainer> containers;  // running, by id
  std::vector<DockerNetwork> networks;
};

struct DockerSettings {
  std::chrono::milliseconds retry_first{100};
  std::chrono::milliseconds retry_most{5000};
};

class DockerSource {
 public:
  explicit DockerSource(std::unique_ptr<DockerClient> client, DockerSettings settings = {});
  ~DockerSource();
  DockerSource(const DockerSource&) = delete;
  DockerSource& operator=(const DockerSource&) = delete;

  void start();
  void stop();
  [[nodiscard]] DockerSnapshot snapshot() const;
  [[nodiscard]] std::optional<Error> last_error() const;
  [[nodiscard]] std::uint64_t lists() const { return lists_; }  // times that everything was read anew
  // Readable after a change; acknowledge() makes it silent again.
  [[nodiscard]] int event_fd() const { return event_fd_; }
  void acknowledge();

 private:
  void run();
  [[nodiscard]] Status list();
  [[nodiscard]] Status follow(std::int64_t since);
  [[nodiscard]] Status take(const DockerEvent& event);
  [[nodiscard]] Status inspect(const std::string& id);
  [[nodiscard]] Status read_networks();
  void changed();
  void set_error(std::optional<Error> error);

  std::unique_ptr<DockerClient> client_;
  DockerSettings settings_;
  int event_fd_ = -1;
  std::atomic<std::uint64_t> lists_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, connected_ = false;
  std::map<std::string, DockerContainer> containers_;
  std::vector<DockerNetwork> networks_;
  std::optional<Error> error_;
  std::thread thread_;
};

// The kernel's id for the network namespace of a process, none when it has none here.
using NamespaceLookup = std::function<std::optional<std::int32_t>(std::int32_t pid)>;

// Workloads of a snapshot. A port is known by its bridge and the namespace at its other end: nothing that the
// container says about itself counts. An endpoint on a bridge whose port is not there (yet, or any more) is left
// out with its addresses and counted in `unresolved`.
[[nodiscard]] std::vector<Workload> docker_workloads(const DockerSnapshot& snapshot, const LinkTable& links,
                                                     const NamespaceLookup& namespace_of, std::size_t& unresolved);

}  // namespace bulkhead::rules
