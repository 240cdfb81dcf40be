// Labels that change between full loads, put into force by the smallest transaction.
//
//   full load --base()--> Relabel made ready on a thread of its own
//   new labels --apply()--> plan, one transaction (rules/reconcile/relabel.h)
//
// Thread   the control thread; the thread inside reads only what is immutable.
// Out      nullopt of apply(): this change needs a full load.
// Errors   the environment lane: the kernel refused, nothing changed.
// Tests    tests/unit/config/daemon/label_updates_test.cpp, tests/netns/daemon_netns_test.cpp
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "rules/nft/enforcer.h"
#include "rules/reconcile/relabel.h"

namespace bulkhead::config {

class LabelUpdates {
 public:
  struct Report {
    std::size_t commands = 0;
    std::chrono::duration<double> time{0};  // from the call until the kernel has acknowledged
  };

  // What has just been loaded whole; null: no policies.
  void base(rules::PolicyTablePtr table, const rules::Enforcer& enforcer);
  [[nodiscard]] Result<std::optional<Report>> apply(const std::vector<rules::Workload>& changed,
                                                    rules::Enforcer& enforcer);

 private:
  std::future<std::unique_ptr<rules::Relabel>> building_;
  std::unique_ptr<rules::Relabel> relabel_;
};

}  // namespace bulkhead::config
