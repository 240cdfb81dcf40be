#include "signatures/match/host_bits.h"

#include <limits>

namespace bulkhead::signatures {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

HostKey key_of(const HostbitOp& op, std::uint64_t name, const IpAddress& source, const IpAddress& destination) {
  switch (op.track) {
    case HostbitOp::Track::kSource: return {source, {}, name};
    case HostbitOp::Track::kDestination: return {destination, {}, name};
    case HostbitOp::Track::kPair: break;
  }
  return HostKey::pair(source, destination, name);
}

}  // namespace

bool HostBitTable::is_set(const HostKey& key, Timestamp now) {
  const auto at = bits_.find(key);
  if (at == bits_.end()) return false;
  if (now < at->second) return true;
  bits_.erase(at);
  counters_.entries.set(bits_.size());
  return false;
}

bool HostBitTable::holds(const HostbitOp& op, std::uint64_t name, const IpAddress& source, const IpAddress& destination,
                         Timestamp now) {
  const bool on = is_set(key_of(op, name, source, destination), now);
  return op.command == HostbitOp::Command::kIsNotSet ? !on : on;
}

void HostBitTable::change(const HostbitOp& op, std::uint64_t name, const IpAddress& source,
                          const IpAddress& destination, Timestamp now) {
  const HostKey key = key_of(op, name, source, destination);
  const bool on =
      op.command == HostbitOp::Command::kSet || (op.command == HostbitOp::Command::kToggle && !is_set(key, now));
  if (on) {
    const Timestamp never{std::numeric_limits<std::int64_t>::max()};
    set(key, op.expire_seconds == 0 ? never : Timestamp{now.ns + std::int64_t{op.expire_seconds} * kSecond}, now);
  } else {
    bits_.erase(key);
  }
  counters_.entries.set(bits_.size());
}

void HostBitTable::set(const HostKey& key, Timestamp expires, Timestamp now) {
  if (const auto at = bits_.find(key); at != bits_.end()) {
    at->second = expires;
    return;
  }
  if (bits_.size() >= max_entries_ && now >= next_purge_) {
    next_purge_ = {now.ns + kSecond};
    counters_.purged.add(std::erase_if(bits_, [&](const auto& item) { return now >= item.second; }));
  }
  if (bits_.size() >= max_entries_) {
    counters_.full.add();
    return;
  }
  bits_.emplace(key, expires);
}

}  // namespace bulkhead::signatures
