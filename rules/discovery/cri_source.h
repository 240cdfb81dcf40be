// Pods of a container runtime, followed over its CRI socket: lists, and the status of whom they name for the first
// time.
//
//   thread of lists    Version -> ListPodSandbox, ListContainers -> status of those that are new -> wait, again
//                        the wait   poll; `quick` for a while after an interface came or went; poll * kWithEvents once
//                                   the runtime has told an event
//                        an error   retry_first, doubling up to retry_most; what is known stays
//   thread of events   GetContainerEvents -> each message: lists now ... refused (containerd 1.6): asked again later
//   reader             snapshot() at any time; event_fd() is readable when it changed
//
// Thread   start(), stop(), nudge(), snapshot() from the control thread; two threads inside.
// Rules    while the runtime is away the last snapshot stays (its pods live on), and connected is false. A sandbox that
// is
//          not ready, a container that does not run, are not in it. Everything is asked anew once in `resync`.
//          A runtime without CRI (a containerd for Docker alone) is no error where `optional` says so.
// Limits   those of the answers (cri_api.h). What cannot be read is left out, counted and named until the next resync.
// Errors   last_error(): why the runtime cannot be read at the moment.
// Tests    tests/unit/rules/discovery/cri_source_test.cpp, tests/cri/ (a scripted runtime; a real containerd)
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
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rules/discovery/cri_api.h"
#include "rules/discovery/cri_client.h"
#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

struct CriSettings {
  std::chrono::milliseconds poll{1000};
  std::chrono::milliseconds quick{100};
  std::chrono::milliseconds retry_first{100};
  std::chrono::milliseconds retry_most{5000};
  std::chrono::milliseconds ask_again{60000};  // for events, or a CRI, that the runtime does not have
  std::chrono::milliseconds resync{600000};
  bool optional = false;
};

struct CriCounts {
  std::uint64_t lists = 0;       // times that both lists were read
  std::uint64_t events = 0;      // messages of the stream
  std::uint64_t bad_events = 0;  // of them unreadable: the lists are read all the same
  std::uint64_t left_out = 0;    // answers of a status that could not be read
  std::uint64_t failures = 0;    // times that the runtime could not be read
};

struct CriSnapshot {
  bool connected = false;
  CriVersion version;
  std::vector<CriSandbox> sandboxes;     // ready, by id
  std::vector<CriContainer> containers;  // running, by id
};

class CriSource {
 public:
  static constexpr int kWithEvents = 10;
  static constexpr std::size_t kMostNamed = 32;

  explicit CriSource(std::unique_ptr<CriClient> client, CriSettings settings = {});
  ~CriSource();
  CriSource(const CriSource&) = delete;
  CriSource& operator=(const CriSource&) = delete;

  void start();
  void stop();
  // Interfaces came or went: pods probably did.
  void nudge();
  [[nodiscard]] CriSnapshot snapshot() const;
  [[nodiscard]] CriCounts counts() const;
  // Pods and containers that were left out: which, why; kMostNamed of them.
  [[nodiscard]] std::vector<std::string> cannot_read() const;
  // The lists have been read, or the runtime has no CRI.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::optional<Error> last_error() const;
  // Readable after a change; acknowledge() makes it silent again.
  [[nodiscard]] int event_fd() const { return event_fd_; }
  void acknowledge();

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  void run_events();
  [[nodiscard]] Status read_all();
  [[nodiscard]] Result<CriAnswer> ask(const char* method, const std::string& request);
  [[nodiscard]] Status greet();
  [[nodiscard]] Status read_news(const std::vector<CriEntry>& sandboxes, std::vector<CriEntry>& containers);
  template <typename Known>
  void take(const CriEntry& entry, const char* method, const CriAnswer& answer,
            Result<Known> (*parse)(std::string_view), std::map<std::string, Known>& known);
  [[nodiscard]] std::chrono::milliseconds pause(Clock::time_point now) const;
  void changed();

  std::unique_ptr<CriClient> client_;
  const CriSettings settings_;
  int event_fd_ = -1;
  Clock::time_point resynced_;  // of the thread of lists, with the two below
  bool greeted_ = false, changed_ = false;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, connected_ = false, absent_ = false, dirty_ = false, events_proven_ = false;
  Clock::time_point quick_until_;
  CriVersion version_;
  std::map<std::string, CriSandbox> sandboxes_;
  std::map<std::string, CriContainer> containers_;
  std::map<std::string, std::string> left_out_;
  CriCounts counts_;
  std::optional<Error> error_;
  std::thread thread_, events_thread_;
};

// What the kernel says of a sandbox's network namespace: whether it is there, and the id by which links() names it
// (none: no interface of ours leads there).
struct NamespaceAnswer {
  bool there = false;
  std::optional<std::int32_t> id;
};
using SandboxLookup = std::function<NamespaceAnswer(const CriSandbox&)>;

// Pods of a snapshot as workloads. A port is known by the namespace at its other end. A pod whose namespace is gone, or
// whose port is (yet, or any more), is there without addresses and counted in `unresolved`; one with an interface of
// another kind (ipvlan, a device of its own) has addresses and no port.
[[nodiscard]] std::vector<Workload> cri_workloads(const CriSnapshot& snapshot, const LinkTable& links,
                                                  const SandboxLookup& namespace_of, std::size_t& unresolved);

// Adds what the runtime knows of pods to those that the cluster tells: ports, MACs, posture. Labels are the cluster's.
void add_pods(std::vector<Workload>& to, std::vector<Workload> pods);

}  // namespace bulkhead::rules
