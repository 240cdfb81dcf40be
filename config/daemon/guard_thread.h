// Tells of frames that the guards of the ports dropped: from the kernel's log group to drop events.
//
//   nflog group --> record --> decode --> DropEvent {reason "guard", rule "guard/arp-sender", from "shop/web"}
//
// Thread   start(), stop(), use() on the control thread; one thread inside, which alone publishes.
// Limits   the kernel's rules limit the records of a port and reason; what it dropped is guard.log_lost.
// Errors   a group that another program reads: no events, counters and drops go on; said once.
// Tests    tests/unit/config/daemon/guard_thread_test.cpp, tests/docker/docker_test.py
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/event/event_publisher.h"
#include "rules/nft/l2_guard_renderer.h"
#include "rules/nft/nflog_reader.h"

namespace bulkhead::config {

// The event of a dropped frame; `workload` may be empty. Reason kUnknown: the record is not the guard's.
[[nodiscard]] event::DropEvent guard_event(const rules::NflogRecord& record, rules::GuardReason reason,
                                           const std::string& workload);

class GuardThread {
 public:
  explicit GuardThread(event::EventPublisher& publisher) : publisher_(publisher) {}
  ~GuardThread();
  GuardThread(const GuardThread&) = delete;
  GuardThread& operator=(const GuardThread&) = delete;

  [[nodiscard]] Status start(std::uint16_t group);
  void stop();
  // Whose port is which; a port that is gone keeps its name until the next call, for what is still in the log.
  void use(const std::vector<rules::GuardPort>& ports);
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;

 private:
  void run();

  event::EventPublisher& publisher_;
  std::unique_ptr<rules::NflogReader> reader_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> workloads_;  // by interface index
  Counter events_, strangers_, lost_, broken_;
};

}  // namespace bulkhead::config
