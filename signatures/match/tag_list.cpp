#include "signatures/match/tag_list.h"

#include <algorithm>

namespace bulkhead::signatures {

void TagList::add(const TagSpec& spec, std::uint64_t rule, Timestamp now) {
  const auto same = std::find_if(tags_.begin(), tags_.end(), [&](const Tag& tag) {
    return tag.rule == rule && tag.spec.host == spec.host && tag.spec.by_source == spec.by_source;
  });
  if (same != tags_.end()) {
    if (same->restarts >= kMostRestarts) return;
    ++same->restarts;
    same->since = now;
    same->packets = same->bytes = 0;
    return;
  }
  if (tags_.size() < kMostTags) tags_.push_back({.spec = spec, .rule = rule, .since = now});
}

bool TagList::is_over(const Tag& tag, Timestamp now) {
  switch (tag.spec.metric) {
    case TagSpec::Metric::kPackets: return tag.packets > tag.spec.count;
    case TagSpec::Metric::kBytes: return tag.bytes > tag.spec.count;
    case TagSpec::Metric::kSeconds: return now.seconds() - tag.since.seconds() > std::int64_t{tag.spec.count};
  }
  return true;
}

bool TagList::take_packet(Timestamp now, std::uint32_t bytes) {
  bool logged = false;
  std::erase_if(tags_, [&](Tag& tag) {
    ++tag.packets;
    tag.bytes += bytes;
    if (!tag.first_seen) {
      tag.first_seen = true;
      return false;
    }
    if (is_over(tag, now)) return true;
    logged = true;
    return false;
  });
  return logged;
}

void HostTagTable::add(const IpAddress& host, const TagSpec& spec, std::uint64_t rule, Timestamp now) {
  const HostKey key{host, {}, 0};
  if (hosts_.size() >= max_hosts_ && !hosts_.contains(key)) {
    counters_.full.add();
    return;
  }
  hosts_[key].add(spec, rule, now);
}

bool HostTagTable::take_packet(const IpAddress& host, Timestamp now, std::uint32_t bytes) {
  const auto at = hosts_.find(HostKey{host, {}, 0});
  if (at == hosts_.end()) return false;
  const bool logged = at->second.take_packet(now, bytes);
  if (at->second.empty()) hosts_.erase(at);
  return logged;
}

}  // namespace bulkhead::signatures
