// Renews the element by which the kernel knows that a daemon is alive (set "lease", rules/nft/nft_renderer.h).
//
// Thread   a thread and a netlink socket of its own, so that a long reload does not end the lease. The control
//          thread calls beat(); when it has been silent for `patience`, it hangs and the lease is let go.
// Out      the element in the families inet and bridge, for `lease`; renewed three times in that time. Stopped or dead:
// the kernel ends it, nobody has to run. Errors   a refused renewal is tried again at the next turn; failed() says
// since when, for the log. Tests    tests/unit/rules/reconcile/lease_keeper_test.cpp, tests/netns/daemon_netns_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "rules/nft/nft_transport.h"

namespace bulkhead::rules {

struct LeaseSettings {
  std::string table = "bulkhead";
  std::chrono::milliseconds lease{10'000};
  std::chrono::milliseconds patience{60'000};
};

class LeaseKeeper {
 public:
  LeaseKeeper(std::unique_ptr<NftTransport> transport, LeaseSettings settings);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Renews at once, then in turns.
  [[nodiscard]] Status start();
  void stop();
  void beat() { last_beat_ = Clock::now().time_since_epoch().count(); }
  // The last refusal, until a renewal works again.
  [[nodiscard]] std::optional<Error> failed() const;
  [[nodiscard]] std::uint64_t renewals() const { return renewals_; }

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  [[nodiscard]] Status renew();
  [[nodiscard]] bool is_silent() const;

  std::unique_ptr<NftTransport> transport_;
  const LeaseSettings settings_;
  std::atomic<Clock::rep> last_beat_{0};
  std::atomic<std::uint64_t> renewals_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::optional<Error> failed_;
  std::thread thread_;
};

}  // namespace bulkhead::rules
