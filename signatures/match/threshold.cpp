#include "signatures/match/threshold.h"

#include <algorithm>

namespace bulkhead::signatures {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Timestamp end_of(Timestamp begin, std::uint32_t seconds) {
  return {begin.ns + std::int64_t{seconds} * kSecond};
}

// Rules are told apart by gid and sid, so that counts survive a reload.
HostKey key_of(const Signature& rule, const ThresholdSpec& spec, const IpAddress& source,
               const IpAddress& destination) {
  const std::uint64_t what = (std::uint64_t{rule.info->sid} << 32) ^ (std::uint64_t{rule.info->gid} << 8) ^
                             (static_cast<std::uint64_t>(spec.kind) << 4) ^ static_cast<std::uint64_t>(spec.track);
  switch (spec.track) {
    case ThresholdTrack::kSource: return {source, {}, what};
    case ThresholdTrack::kDestination: return {destination, {}, what};
    case ThresholdTrack::kBoth: return HostKey::pair(source, destination, what);
    case ThresholdTrack::kRule: break;
  }
  return {{}, {}, what};
}

bool suppressed(const ThresholdSpec& spec, const IpAddress& source, const IpAddress& destination) {
  const AddressSet& set = spec.suppress_addresses;
  if (set.any) return true;
  if (spec.suppress_either) return set.contains(source) || set.contains(destination);
  return set.contains(spec.track == ThresholdTrack::kDestination ? destination : source);
}

}  // namespace

ThresholdDecision ThresholdTable::decide(const Signature& rule, const IpAddress& source, const IpAddress& destination,
                                         Timestamp now) {
  ThresholdDecision decision;
  for (const ThresholdSpec& spec : rule.external_thresholds) {
    if (spec.kind == ThresholdSpec::Kind::kSuppress && suppressed(spec, source, destination)) {
      decision.verdict = ThresholdVerdict::kSilent;
      return decision;
    }
  }
  const auto run = [&](const ThresholdSpec& spec) {
    decision.verdict = apply(spec, key_of(rule, spec, source, destination), now, decision);
    return decision.verdict == ThresholdVerdict::kAlert;
  };
  if (rule.threshold && !run(*rule.threshold)) return decision;
  if (rule.detection_filter && !run(*rule.detection_filter)) return decision;
  for (const ThresholdSpec& spec : rule.external_thresholds) {
    if (spec.kind != ThresholdSpec::Kind::kSuppress && !run(spec)) return decision;
  }
  return decision;
}

ThresholdVerdict ThresholdTable::apply(const ThresholdSpec& spec, const HostKey& key, Timestamp now,
                                       ThresholdDecision& out) {
  if (spec.kind == ThresholdSpec::Kind::kRate) {
    if (rate_exceeded(spec, key, now)) {
      out.has_new_action = true;
      out.new_action = spec.new_action;
    }
    return ThresholdVerdict::kAlert;
  }
  std::uint32_t count = 1;  // of this match within its period
  Entry* entry = find(key);
  if (entry == nullptr) {
    if (spec.kind != ThresholdSpec::Kind::kThreshold || spec.count > 1) insert(key, spec, now);
  } else if (now <= end_of(entry->begin, spec.seconds)) {
    count = ++entry->count;
  } else {
    entry->begin = now;
    entry->count = 1;
  }
  switch (spec.kind) {
    case ThresholdSpec::Kind::kLimit:
      return count <= std::max(1U, spec.count) ? ThresholdVerdict::kAlert : ThresholdVerdict::kSilent;
    case ThresholdSpec::Kind::kThreshold:
      if (count < spec.count) return ThresholdVerdict::kForget;
      if (entry != nullptr) entry->count = 0;
      return ThresholdVerdict::kAlert;
    case ThresholdSpec::Kind::kBoth:
      if (count == spec.count) return ThresholdVerdict::kAlert;
      return count > spec.count ? ThresholdVerdict::kSilent : ThresholdVerdict::kForget;
    case ThresholdSpec::Kind::kDetectionFilter:
      return count > spec.count ? ThresholdVerdict::kAlert : ThresholdVerdict::kForget;
    case ThresholdSpec::Kind::kRate:
    case ThresholdSpec::Kind::kSuppress: break;
  }
  return ThresholdVerdict::kAlert;
}

// The new action holds from the match that exceeds the count until `timeout` seconds later; with that it starts anew.
bool ThresholdTable::rate_exceeded(const ThresholdSpec& spec, const HostKey& key, Timestamp now) {
  Entry* entry = find(key);
  if (entry == nullptr) {
    insert(key, spec, now);
    return spec.count == 1 && spec.timeout_seconds == 0;
  }
  if (entry->filtering) {
    if (now.seconds() - entry->filter_since.seconds() <= std::int64_t{spec.timeout_seconds}) return true;
    entry->filtering = false;
    return false;
  }
  if (now > end_of(entry->begin, spec.seconds)) {
    entry->begin = now;
    entry->count = 1;
    return false;
  }
  if (++entry->count <= spec.count) return false;
  entry->filtering = true;
  entry->filter_since = now;
  return true;
}

ThresholdTable::Entry* ThresholdTable::find(const HostKey& key) {
  const auto at = entries_.find(key);
  return at == entries_.end() ? nullptr : &at->second;
}

void ThresholdTable::insert(const HostKey& key, const ThresholdSpec& spec, Timestamp now) {
  if (entries_.size() >= max_entries_) purge(now);
  if (entries_.size() >= max_entries_) {
    counters_.full.add();
    return;
  }
  entries_.emplace(key, Entry{now, {}, std::max(spec.seconds, spec.timeout_seconds), 1, false});
  counters_.entries.set(entries_.size());
}

// At most once a second of packet time, so that a full table does not cost a walk per match.
void ThresholdTable::purge(Timestamp now) {
  if (now < next_purge_) return;
  next_purge_ = {now.ns + kSecond};
  const std::size_t removed = std::erase_if(entries_, [&](const auto& item) {
    const Entry& e = item.second;
    return now > end_of(e.filtering ? std::max(e.begin, e.filter_since) : e.begin, e.seconds);
  });
  counters_.purged.add(removed);
  counters_.entries.set(entries_.size());
}

}  // namespace bulkhead::signatures
