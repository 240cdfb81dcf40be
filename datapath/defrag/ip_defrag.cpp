#include "datapath/defrag/ip_defrag.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <random>

#include "datapath/base/big_endian.h"
#include "datapath/base/flow_key.h"
#include "datapath/defrag/fragment_buffer.h"

namespace bulkhead::defrag {

namespace {

using decode::DecodeEvent;
using decode::PacketView;

constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::uint32_t kMaxDatagram = 65535;
// A tracker keeps a buffer up to this size for the next datagram.
constexpr std::size_t kKeptBuffer = 16384;

// Both families: source, destination, identification, protocol, VLAN tags, tunnel depth (RFC 791 3.2, 8200 4.5).
[[nodiscard]] FlowKey key_of(const PacketView& v) {
  FlowKey key;
  key.low = v.source;
  key.high = v.destination;
  key.low_port = static_cast<std::uint16_t>(v.fragment_id >> 16);
  key.high_port = static_cast<std::uint16_t>(v.fragment_id);
  std::copy_n(v.vlan_id.begin(), v.vlan_count, key.vlan);
  key.protocol = v.protocol;
  key.tunnel_depth = v.tunnel_depth;
  return key;
}

struct Tracker {
  FlowKey key;
  Timestamp deadline;
  FragmentBuffer payload;
  std::vector<Byte> header;  // of the fragment at offset zero, up to the payload; IPv6: without fragment header
  std::uint32_t fragments = 0;
  std::uint32_t bucket_next = kNone;           // chain of the hash bucket, or of free trackers
  std::uint32_t newer = kNone, older = kNone;  // order of last use
  std::uint32_t bucket = 0;
  FragmentPolicy policy = FragmentPolicy::kWindows;
};

// Position of the byte that names the header at `end`, walking the chain of IPv6 headers before it.
[[nodiscard]] std::size_t next_header_position(ByteSpan headers) {
  std::size_t position = 6, at = 40;
  std::uint8_t type = headers[6];
  while (at + 2 <= headers.size()) {
    const std::size_t words = headers[at + 1];
    position = at;
    at += type == ip_proto::kAh ? (words + 2) * 4 : (words + 1) * 8;
    type = headers[position];
  }
  return position;
}

[[nodiscard]] std::uint16_t header_checksum(ByteSpan header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += load_be16(&header[i]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void store_header(Tracker& tracker, const PacketView& v) {
  const bool v4 = v.family == IpFamily::kV4;
  const std::size_t length = v4 ? v.ip_header_length : v.unfragmentable_length;
  tracker.header.assign(v.ip_header, v.ip_header + length);
  if (!v4) tracker.header[next_header_position(tracker.header)] = v.ip_header[length];  // its next header
}

// Length, fragment fields and checksum as an unfragmented packet has them.
void finish_header(Byte* header, std::size_t header_length, std::size_t payload_length, bool v4) {
  if (!v4) {
    store_be16(header + 4, static_cast<std::uint16_t>(header_length - 40 + payload_length));
    return;
  }
  store_be16(header + 2, static_cast<std::uint16_t>(header_length + payload_length));
  store_be16(header + 6, 0);
  store_be16(header + 10, 0);
  store_be16(header + 10, header_checksum({header, header_length}));
}

}  // namespace

struct IpDefrag::State {
  explicit State(const DefragSettings& given);

  DefragResult insert(const PacketView& v, Timestamp now);
  void expire(Timestamp now);

  std::uint32_t find(const FlowKey& key, std::uint32_t bucket) const;
  std::uint32_t create(const PacketView& v, const FlowKey& key, std::uint32_t bucket);
  std::uint32_t spare_tracker();
  void release(std::uint32_t index, std::size_t keep_bytes = kKeptBuffer);
  void trim_spares();
  void touch(std::uint32_t index);
  void unlink_order(std::uint32_t index);
  void unlink_bucket(std::uint32_t index);
  bool make_room(std::uint32_t index, std::uint32_t end);
  ByteSpan complete(std::uint32_t index, bool v4, decode::DecodeEventList& events);
  FragmentPolicy policy_for(const IpAddress& destination) const;

  DefragSettings settings;
  DefragCounters counters;
  std::uint64_t seed;
  std::deque<Tracker> trackers;
  std::vector<std::uint32_t> buckets;
  std::uint32_t free_list = kNone;
  std::uint32_t newest = kNone, oldest = kNone;
  std::uint32_t fragments = 0;  // held, over all trackers
  std::uint64_t memory = 0;     // capacity of all payload buffers
  std::uint64_t spare = 0;      // the part of it that free trackers keep
  std::vector<Byte> datagram;
};

IpDefrag::State::State(const DefragSettings& given) : settings(given), seed(std::random_device{}()) {
  settings.max_trackers = std::max(settings.max_trackers, 1U);
  buckets.assign(std::bit_ceil(std::min<std::size_t>(settings.max_trackers, 1U << 20)), kNone);
}

FragmentPolicy IpDefrag::State::policy_for(const IpAddress& destination) const {
  FragmentPolicy policy = settings.default_policy;
  int longest = -1;
  for (const auto& [prefix, prefix_policy] : settings.host_policy) {
    if (static_cast<int>(prefix.length) > longest && prefix.contains(destination)) {
      longest = static_cast<int>(prefix.length);
      policy = prefix_policy;
    }
  }
  return policy;
}

std::uint32_t IpDefrag::State::find(const FlowKey& key, std::uint32_t bucket) const {
  std::uint32_t index = buckets[bucket];
  while (index != kNone && trackers[index].key != key) index = trackers[index].bucket_next;
  return index;
}

std::uint32_t IpDefrag::State::spare_tracker() {
  if (free_list == kNone && trackers.size() >= settings.max_trackers) {
    counters.max_trackers_hit.add();
    release(oldest);
  }
  if (free_list == kNone) {
    trackers.emplace_back();
    return static_cast<std::uint32_t>(trackers.size() - 1);
  }
  const std::uint32_t index = free_list;
  free_list = trackers[index].bucket_next;
  spare -= trackers[index].payload.capacity();
  return index;
}

std::uint32_t IpDefrag::State::create(const PacketView& v, const FlowKey& key, std::uint32_t bucket) {
  const std::uint32_t index = spare_tracker();
  Tracker& tracker = trackers[index];
  tracker.key = key;
  tracker.policy = policy_for(v.destination);
  tracker.bucket = bucket;
  tracker.bucket_next = buckets[bucket];
  buckets[bucket] = index;
  tracker.older = tracker.newer = kNone;
  return index;
}

void IpDefrag::State::unlink_order(std::uint32_t index) {
  Tracker& t = trackers[index];
  if (t.newer != kNone) trackers[t.newer].older = t.older;
  if (t.older != kNone) trackers[t.older].newer = t.newer;
  if (newest == index) newest = t.older;
  if (oldest == index) oldest = t.newer;
  t.newer = t.older = kNone;
}

void IpDefrag::State::touch(std::uint32_t index) {
  unlink_order(index);
  trackers[index].older = newest;
  if (newest != kNone) trackers[newest].newer = index;
  newest = index;
  if (oldest == kNone) oldest = index;
}

void IpDefrag::State::unlink_bucket(std::uint32_t index) {
  std::uint32_t* link = &buckets[trackers[index].bucket];
  while (*link != index) link = &trackers[*link].bucket_next;
  *link = trackers[index].bucket_next;
}

void IpDefrag::State::release(std::uint32_t index, std::size_t keep_bytes) {
  unlink_order(index);
  unlink_bucket(index);
  Tracker& tracker = trackers[index];
  memory -= tracker.payload.capacity();
  tracker.payload.clear(memory < settings.memcap_bytes / 2 ? keep_bytes : 0);
  memory += tracker.payload.capacity();
  spare += tracker.payload.capacity();
  tracker.header.clear();
  fragments -= tracker.fragments;
  tracker.fragments = 0;
  tracker.bucket_next = free_list;
  free_list = index;
}

void IpDefrag::State::trim_spares() {
  if (spare == 0) return;
  for (std::uint32_t i = free_list; i != kNone; i = trackers[i].bucket_next) trackers[i].payload.clear(0);
  memory -= spare;
  spare = 0;
}

// Gives up the oldest datagrams until one more fragment fits; false when even alone it would not.
bool IpDefrag::State::make_room(std::uint32_t index, std::uint32_t end) {
  const auto too_big = [&] {
    const FragmentBuffer& payload = trackers[index].payload;
    return memory - payload.capacity() + payload.capacity_for(end) > settings.memcap_bytes;
  };
  const auto too_many = [&] { return fragments >= settings.max_fragments; };
  if (too_big()) trim_spares();
  if (too_big()) counters.memcap_hit.add();
  if (too_many()) counters.max_fragments_hit.add();
  while (too_big() || too_many()) {
    if (oldest == kNone || oldest == index) return false;
    release(oldest, 0);
  }
  return true;
}

ByteSpan IpDefrag::State::complete(std::uint32_t index, bool v4, decode::DecodeEventList& events) {
  Tracker& tracker = trackers[index];
  const std::uint32_t length = tracker.payload.complete_length();
  if (length == 0 || tracker.header.empty()) return {};
  const std::size_t header_length = tracker.header.size();
  if (header_length + length > kMaxDatagram + (v4 ? 0U : 40U)) {
    events.add(v4 ? DecodeEvent::ipv4_frag_pkt_too_large : DecodeEvent::ipv6_frag_pkt_too_large);
    release(index);
    return {};
  }
  datagram.resize(header_length + length);
  std::memcpy(datagram.data(), tracker.header.data(), header_length);
  std::memcpy(datagram.data() + header_length, tracker.payload.bytes(length).data(), length);
  finish_header(datagram.data(), header_length, length, v4);
  (v4 ? counters.ipv4_reassembled : counters.ipv6_reassembled).add();
  release(index);
  return datagram;
}

DefragResult IpDefrag::State::insert(const PacketView& v, Timestamp now) {
  const bool v4 = v.family == IpFamily::kV4;
  DefragResult result;
  (v4 ? counters.ipv4_fragments : counters.ipv6_fragments).add();
  expire(now);
  const std::size_t end = v.fragment_offset + v.payload.size();
  if (end + (v4 ? 20U : 0U) > kMaxDatagram) {
    result.events.add(v4 ? DecodeEvent::ipv4_frag_pkt_too_large : DecodeEvent::ipv6_frag_pkt_too_large);
    return result;
  }
  if (v.payload.empty()) return result;
  const FlowKey key = key_of(v);
  const auto bucket = static_cast<std::uint32_t>(key.hash(seed) & (buckets.size() - 1));
  std::uint32_t index = find(key, bucket);
  if (index == kNone) index = create(v, key, bucket);
  touch(index);
  Tracker& tracker = trackers[index];
  tracker.deadline = now + settings.timeout;
  if (!make_room(index, static_cast<std::uint32_t>(end))) {
    result.events.add(v4 ? DecodeEvent::ipv4_frag_ignored : DecodeEvent::ipv6_frag_ignored);
    result.no_memory = true;
    if (tracker.fragments == 0) release(index);
    return result;
  }
  memory -= tracker.payload.capacity();
  const auto inserted = tracker.payload.insert(v.fragment_offset, v.payload, !v.more_fragments, tracker.policy);
  memory += tracker.payload.capacity();
  if (inserted.overlap) result.events.add(v4 ? DecodeEvent::ipv4_frag_overlap : DecodeEvent::ipv6_frag_overlap);
  ++tracker.fragments;
  ++fragments;
  if (inserted.owns_any && v.fragment_offset == 0) store_header(tracker, v);
  result.datagram = complete(index, v4, result.events);
  return result;
}

// All trackers wait equally long, so the order of use is the order of deadlines.
void IpDefrag::State::expire(Timestamp now) {
  while (oldest != kNone && trackers[oldest].deadline < now) {
    (trackers[oldest].key.low.is_v4() ? counters.ipv4_timeouts : counters.ipv6_timeouts).add();
    release(oldest);
  }
}

IpDefrag::IpDefrag(const DefragSettings& settings) : state_(std::make_unique<State>(settings)) {}
IpDefrag::~IpDefrag() = default;
DefragResult IpDefrag::insert(const PacketView& fragment, Timestamp now) {
  return state_->insert(fragment, now);
}
void IpDefrag::expire(Timestamp now) {
  state_->expire(now);
}
const DefragCounters& IpDefrag::counters() const {
  return state_->counters;
}

}  // namespace bulkhead::defrag
