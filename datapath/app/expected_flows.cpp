#include "datapath/app/expected_flows.h"

#include <algorithm>

namespace bulkhead::app {

ExpectedFlows::Pair ExpectedFlows::pair_of(const FlowTuple& tuple) {
  return std::minmax(tuple.source, tuple.destination);
}

void ExpectedFlows::add(const FlowTuple& control, std::uint16_t port, ExpectedFlow what, Timestamp now) {
  const std::lock_guard lock(mutex_);
  std::size_t size = size_.load(std::memory_order_relaxed);
  if (size >= kMax) {
    sweep(now);
    size = size_.load(std::memory_order_relaxed);
    if (size >= kMax) {
      refused_.add();
      return;
    }
  }
  auto& entries = pairs_[pair_of(control)];
  const std::size_t before = entries.size();
  std::erase_if(entries, [&](const Entry& e) { return e.until < now || e.port == port; });
  if (entries.size() >= kPerPair) entries.pop_front();
  entries.push_back({port, now + kLifetime, std::move(what)});
  set_size(size + entries.size() - before);
}

std::optional<ExpectedFlow> ExpectedFlows::take(const FlowTuple& client, Timestamp now) {
  if (size_.load(std::memory_order_acquire) == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = pairs_.find(pair_of(client));
  if (found == pairs_.end()) return std::nullopt;
  auto& entries = found->second;
  const std::size_t before = entries.size();
  std::optional<ExpectedFlow> out;
  std::erase_if(entries, [&](Entry& e) {
    if (e.until < now) return true;
    if (out || e.port != client.destination_port) return false;
    out = std::move(e.what);
    return true;
  });
  set_size(size_.load(std::memory_order_relaxed) - (before - entries.size()));
  if (entries.empty()) pairs_.erase(found);
  return out;
}

// Forgets what nobody came for.
void ExpectedFlows::sweep(Timestamp now) {
  std::size_t size = 0;
  for (auto at = pairs_.begin(); at != pairs_.end();) {
    std::erase_if(at->second, [&](const Entry& e) { return e.until < now; });
    size += at->second.size();
    at = at->second.empty() ? pairs_.erase(at) : std::next(at);
  }
  set_size(size);
}

}  // namespace bulkhead::app
