// Waits until what a source of workloads knows is as wanted; every change shows at its descriptor.
#pragma once

#include <poll.h>

#include <chrono>

namespace bulkhead::rules::testing {

template <typename Source, typename Wanted>
bool snapshot_becomes(Source& source, const Wanted& wanted, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (wanted(source.snapshot())) return true;
    pollfd p{source.event_fd(), POLLIN, 0};
    if (::poll(&p, 1, 20) == 1) source.acknowledge();
  }
  return false;
}

}  // namespace bulkhead::rules::testing
