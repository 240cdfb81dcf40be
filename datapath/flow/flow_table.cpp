#include "datapath/flow/flow_table.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "datapath/base/check.h"
#include "datapath/flow/flow_index.h"
#include "datapath/flow/flow_pool.h"
#include "datapath/flow/icmp_pairs.h"
#include "datapath/flow/timer_wheel.h"

namespace bulkhead::flow {
namespace {

using decode::PacketView;

bool is_icmp(std::uint8_t protocol) {
  return protocol == ip_proto::kIcmp || protocol == ip_proto::kIcmpv6;
}

// Errors of ICMPv4 belong to the flow that they quote, those of ICMPv6 are flows for themselves (as in Suricata 7).
bool is_icmp_error(const PacketView& p) {
  if (!p.has_icmp) return false;
  return p.icmp_type == 3 || p.icmp_type == 4 || p.icmp_type == 5 || p.icmp_type == 11 || p.icmp_type == 12;
}
bool is_icmpv6_error(const PacketView& p) {
  return p.has_icmpv6 && p.icmp_type < 128;  // RFC 4443 2.1: errors have the high bit clear
}

// Protocols whose packets belong together; others (GRE, OSPF, IGMP ...) are packets for themselves, as in Suricata 7.
bool has_flow(const PacketView& p) {
  return p.raw != nullptr && p.is_ip() && !p.is_fragment && !p.invalid &&
         (p.has_tcp || p.has_udp || p.has_sctp || p.has_icmp || p.has_icmpv6 || p.protocol == ip_proto::kEsp);
}

// Both ends of the tuple without ports; what stands in for ports is the same in both directions.
FlowKey portless_key(const FlowTuple& tuple, std::uint16_t low, std::uint16_t high) {
  FlowTuple t = tuple;
  t.source_port = t.destination_port = 0;
  FlowKey key = FlowKey::from(t);
  key.low_port = low;
  key.high_port = high;
  return key;
}

// The sender's type stands on its side and the answer's on the other: a reply has its request's key, a
// request the other way has not. low_port: the types of both ends; high_port: the identifier or 0.
FlowKey icmp_key(const FlowTuple& tuple, std::uint8_t type, std::uint16_t id) {
  const bool v6 = tuple.protocol == ip_proto::kIcmpv6;
  FlowTuple t = tuple;
  t.source_port = type;
  t.destination_port = icmp_partner_type(v6, type);
  FlowKey key = FlowKey::from(t);
  key.low_port = static_cast<std::uint16_t>(key.low_port << 8 | key.high_port);
  key.high_port = id;
  return key;
}

FlowKey packet_key(const PacketView& p, bool icmp_id_in_key) {
  if (is_icmp_error(p) && p.has_icmp_quoted) return FlowKey::from(p.icmp_quoted);
  if (p.has_icmp || p.has_icmpv6) {
    return icmp_key(p.tuple(), p.icmp_type, icmp_id_in_key && p.has_icmp_id ? p.icmp_id : std::uint16_t{0});
  }
  if (p.protocol == ip_proto::kEsp) {
    return portless_key(p.tuple(), static_cast<std::uint16_t>(p.esp_spi >> 16), static_cast<std::uint16_t>(p.esp_spi));
  }
  return FlowKey::from(p.tuple());
}

std::uint64_t flow_id(std::uint64_t hash, Timestamp start, std::uint64_t first_packet) {
  std::uint64_t h = hash ^ (static_cast<std::uint64_t>(start.ns) * 0x9e3779b97f4a7c15ULL);
  h ^= first_packet * 0xc2b2ae3d27d4eb4fULL;
  h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93ULL;
  h = (h ^ (h >> 32)) & ((1ULL << 53) - 1);  // JSON numbers are doubles
  return h == 0 ? 1 : h;
}

}  // namespace

struct FlowTable::State {
  State(const FlowSettings& s, EndCallback callback)
      : settings(s), on_end(std::move(callback)), pool(s.max_flows), index(s.max_flows) {}

  FlowSettings settings;
  EndCallback on_end;
  FlowPool pool;
  FlowIndex index;
  TimerWheel wheel;
  FlowCounters counters;
  std::size_t size = 0;
  std::uint32_t wheel_size = 0;
  Timestamp now{INT64_MIN};
  std::vector<std::uint32_t> unsettled;  // looked up since the last expire(): the tracker may have closed them
  std::vector<std::uint32_t> due;        // scratch of expire()

  // The counts before the last packet, so that reopen() can take it back.
  struct {
    std::uint32_t index = FlowPool::kNone;
    Timestamp last;
    FlowDirectionCounts counts;
    Direction direction = Direction::kToServer;
  } before;

  [[nodiscard]] FlowKey key_of(const PacketView& p) const {
    FlowKey key = packet_key(p, settings.icmp_id_in_key);
    finish_key(key, p);
    return key;
  }

  void finish_key(FlowKey& key, const PacketView& p) const {
    if (settings.tunnel_depth_in_key) key.tunnel_depth = p.tunnel_depth;
    if (settings.vlan_in_key) {
      for (std::size_t i = 0; i < p.vlan_count && i < 3; ++i) key.vlan[i] = p.vlan_id[i];
    }
  }

  [[nodiscard]] PooledFlow* find(const FlowKey& key, std::uint64_t hash) {
    const std::uint32_t i = index.find(hash, [&](std::uint32_t at) { return pool.at(at).key == key; });
    return i == FlowIndex::kNone ? nullptr : &pool.at(i);
  }

  [[nodiscard]] Timestamp deadline(const Flow& flow) const {
    const ProtocolTimeouts& t = flow.key.protocol == ip_proto::kTcp   ? settings.tcp
                                : flow.key.protocol == ip_proto::kUdp ? settings.udp
                                : is_icmp(flow.key.protocol)          ? settings.icmp
                                                                      : settings.other;
    // Whole seconds, as Suricata counts: a flow ends when a second begins that is later than the last packet's
    // second and the timeout.
    const auto end = [&](std::chrono::seconds timeout) {
      return Timestamp{(flow.last.seconds() + timeout.count() + 1) * 1'000'000'000 - 1};
    };
    switch (flow.state) {
      case FlowState::kNew: return end(t.fresh);
      case FlowState::kEstablished: return end(t.established);
      case FlowState::kClosed: return end(t.closed);
      case FlowState::kBypassed: return end(t.bypassed);
    }
    return end(t.fresh);
  }

  Counter& protocol_counter(const PacketView& p) {
    if (p.has_tcp) return counters.tcp;
    if (p.has_udp) return counters.udp;
    if (p.has_icmp) return counters.icmpv4;
    if (p.has_icmpv6) return counters.icmpv6;
    return p.has_sctp ? counters.sctp : counters.other;
  }

  PooledFlow& create(const PacketView& p, const FlowKey& key, std::uint64_t hash) {
    if (pool.full()) finish(pool.at(pool.least_recently_used()), FlowEndReason::kForced);
    PooledFlow& flow = pool.take();
    if (pool.capacity() > wheel_size) wheel.grow(wheel_size = pool.capacity());
    flow.key = key;
    flow.client = p.tuple();
    if (is_icmp(key.protocol)) flow.client.source_port = flow.client.destination_port = p.has_icmp_id ? p.icmp_id : 0;
    flow.hash = hash;
    flow.first_packet = p.raw->number;
    flow.start = now;
    flow.id = flow_id(hash, now, flow.first_packet);
    flow.vlan_count = p.vlan_count;
    flow.vlan_id = p.vlan_id;
    flow.esp_spi = p.esp_spi;
    flow.interface_index = p.raw->interface_index;
    index.insert(hash, flow.index);
    ++size;
    counters.total.add();
    counters.active.set(size);
    protocol_counter(p).add();
    return flow;
  }
  [[nodiscard]] static Direction direction_of(const PooledFlow& flow, const PacketView& p) {
    const bool error = is_icmp_error(p) && p.has_icmp_quoted;
    const FlowTuple t = error ? p.icmp_quoted : p.tuple();
    bool from_client = t.source == flow.client.source;
    if (t.source == t.destination && is_icmp(t.protocol)) {
      from_client = p.icmp_type == flow.icmp_type[0];
    } else if (t.source == t.destination || (!is_icmp(t.protocol) && flow.esp_spi == 0)) {
      from_client = from_client && t.source_port == flow.client.source_port;
    }
    if (error) from_client = !from_client;  // an error travels against the packet it quotes
    return from_client ? Direction::kToServer : Direction::kToClient;
  }

  void count(PooledFlow& flow, const PacketView& p, Direction direction) {
    FlowDirectionCounts& c = flow.counts[index_of(direction)];
    before = {flow.index, flow.last, c, direction};
    ++c.packets;
    c.bytes += p.frame.size();
    if (p.last_fragment != nullptr) {  // what stands before its IP header counts as for any other packet
      c.bytes += static_cast<std::size_t>(p.last_fragment->ip_header - p.last_fragment->frame.data());
    }
    if (p.has_tcp) c.tcp_flags |= p.tcp.flags;
    if (c.packets == 1 || p.ttl < c.min_ttl) c.min_ttl = p.ttl;
    if (p.ttl > c.max_ttl) c.max_ttl = p.ttl;
    flow.last = now;
    note_direction(flow, p, direction);
  }

  static void note_direction(PooledFlow& flow, const PacketView& p, Direction direction) {
    if (is_icmp_error(p) && p.has_icmp_quoted) return;  // some router speaks, not the other end
    bool& seen = direction == Direction::kToServer ? flow.seen_to_server : flow.seen_to_client;
    if (!seen && is_icmp(flow.key.protocol)) {
      flow.icmp_type[index_of(direction)] = p.icmp_type;
      flow.icmp_code[index_of(direction)] = p.icmp_code;
    }
    seen = true;
    if (flow.key.protocol != ip_proto::kTcp && flow.state == FlowState::kNew && flow.seen_to_server &&
        flow.seen_to_client) {
      flow.state = FlowState::kEstablished;
    }
  }

  // Its deadline has moved.
  void unsettle(PooledFlow& flow) {
    if (flow.unsettled) return;
    flow.unsettled = true;
    unsettled.push_back(flow.index);
    if (unsettled.size() > 2 * std::size_t{wheel_size}) settle();  // expire() is not being called
  }

  FlowLookup take_packet(PooledFlow& flow, const PacketView& p, bool is_new) {
    return take_packet(flow, p, is_new ? Direction::kToServer : direction_of(flow, p), is_new);
  }
  FlowLookup take_packet(PooledFlow& flow, const PacketView& p, Direction direction, bool is_new) {
    count(flow, p, direction);
    pool.touch(flow.index);
    unsettle(flow);
    return {&flow, direction, is_new};
  }

  FlowLookup lookup(const PacketView& p, const FlowKey& key, std::uint64_t hash) {
    now = std::max({now, p.raw->time, p.raw->clock});
    if (is_icmpv6_error(p)) return own_flow_of_error(p);
    if (is_icmp_error(p) && is_icmp(p.icmp_quoted.protocol)) return {};  // nor does an error about a ping
    PooledFlow* flow = find(key, hash);
    if (flow != nullptr && deadline(*flow) < now) {
      finish(*flow, FlowEndReason::kTimeout);
      flow = nullptr;
    }
    if (flow != nullptr) return take_packet(*flow, p, false);
    if (is_icmp_error(p)) return {};
    return take_packet(create(p, key, hash), p, true);
  }

  // By sender, receiver and type; nobody answers it.
  FlowLookup own_flow_of_error(const PacketView& p) {
    FlowKey key = icmp_key(p.tuple(), p.icmp_type, 0);
    finish_key(key, p);
    const std::uint64_t hash = key.hash(settings.hash_seed);
    PooledFlow* flow = find(key, hash);
    if (flow != nullptr && deadline(*flow) < now) {
      finish(*flow, FlowEndReason::kTimeout);
      flow = nullptr;
    }
    const bool is_new = flow == nullptr;
    if (is_new) {
      flow = &create(p, key, hash);
      flow->icmp_type[0] = p.icmp_type;
      flow->icmp_code[0] = p.icmp_code;
    }
    return take_packet(*flow, p, Direction::kToServer, is_new);
  }

  // Deadlines that came nearer (a connection closed) get their new slot; later ones wait for the old slot.
  void settle() {
    wheel.start(now.seconds());
    for (const std::uint32_t i : unsettled) {
      PooledFlow& flow = pool.at(i);
      if (!flow.live || !flow.unsettled) continue;
      flow.unsettled = false;
      const std::int64_t second = deadline(flow).seconds();
      if (!wheel.scheduled(i) || second < wheel.second(i)) wheel.schedule(i, second);
    }
    unsettled.clear();
  }

  void expire(Timestamp to) {
    now = std::max(now, to);
    settle();
    due.clear();
    wheel.take_until(now.seconds(), due);
    const auto later =
        std::partition(due.begin(), due.end(), [&](std::uint32_t i) { return deadline(pool.at(i)) < now; });
    for (auto i = later; i != due.end(); ++i) wheel.schedule(*i, deadline(pool.at(*i)).seconds());
    due.erase(later, due.end());
    std::sort(due.begin(), due.end(), [&](std::uint32_t a, std::uint32_t b) {
      const PooledFlow& x = pool.at(a);
      const PooledFlow& y = pool.at(b);
      return std::tuple(deadline(x), x.first_packet, x.serial) < std::tuple(deadline(y), y.first_packet, y.serial);
    });
    for (const std::uint32_t i : due) finish(pool.at(i), FlowEndReason::kTimeout);
  }

  // Out of every structure first, then the callback, then the memory: the callback sees a whole flow that
  // no lookup can find any more.
  void finish(PooledFlow& flow, FlowEndReason reason) {
    BULKHEAD_ASSERT(flow.live);
    flow.live = false;
    index.erase(flow.hash, flow.index);
    wheel.cancel(flow.index);
    if (before.index == flow.index) before.index = FlowPool::kNone;
    --size;
    counters.active.set(size);
    (reason == FlowEndReason::kTimeout  ? counters.ended_timeout
     : reason == FlowEndReason::kForced ? counters.ended_forced
                                        : counters.ended_shutdown)
        .add();
    if (on_end) on_end(flow, reason);
    pool.give_back(flow);
  }
};

FlowTable::FlowTable(const FlowSettings& settings, EndCallback on_end)
    : state_(std::make_unique<State>(settings, std::move(on_end))) {
  BULKHEAD_CHECK(settings.max_flows > 0);
}
FlowTable::~FlowTable() = default;

FlowLookup FlowTable::lookup(const PacketView& packet) {
  if (!has_flow(packet)) return {};
  const FlowKey key = state_->key_of(packet);
  return state_->lookup(packet, key, key.hash(state_->settings.hash_seed));
}

bool FlowTable::count_elsewhere(const FlowKey& key, std::uint64_t hash, Direction direction, std::uint64_t packets,
                                std::uint64_t bytes, Timestamp now) {
  PooledFlow* flow = state_->find(key, hash);
  if (flow == nullptr) return false;
  flow->counts[index_of(direction)].packets += packets;
  flow->counts[index_of(direction)].bytes += bytes;
  flow->last = std::max(flow->last, now);
  state_->pool.touch(flow->index);
  state_->unsettle(*flow);
  return true;
}

FlowLookup FlowTable::reopen(Flow& flow, const PacketView& packet, FlowEndReason reason) {
  auto& pooled = static_cast<PooledFlow&>(flow);
  if (state_->before.index == pooled.index) {
    pooled.counts[index_of(state_->before.direction)] = state_->before.counts;
    pooled.last = state_->before.last;
  }
  state_->finish(pooled, reason);
  state_->counters.tcp_reuse.add();
  return lookup(packet);
}

void FlowTable::prefetch(std::uint64_t hash) const {
  state_->index.prefetch(hash);
}

std::uint64_t FlowTable::hash_of(const PacketView& packet) const {
  return has_flow(packet) ? state_->key_of(packet).hash(state_->settings.hash_seed) : 0;
}

void FlowTable::expire(Timestamp now) {
  state_->expire(now);
}

void FlowTable::end(Flow& flow, FlowEndReason reason) {
  state_->finish(static_cast<PooledFlow&>(flow), reason);
}

void FlowTable::end_all(FlowEndReason reason) {
  std::vector<PooledFlow*> flows;
  flows.reserve(state_->size);
  state_->pool.for_each([&](PooledFlow& flow) { flows.push_back(&flow); });
  std::sort(flows.begin(), flows.end(), [](const PooledFlow* a, const PooledFlow* b) {
    return std::pair(a->first_packet, a->serial) < std::pair(b->first_packet, b->serial);
  });
  for (PooledFlow* flow : flows) state_->finish(*flow, reason);
  state_->unsettled.clear();
}

void FlowTable::visit_newest(const std::function<bool(const Flow&)>& visit) const {
  state_->pool.visit_newest(visit);
}

std::uint32_t FlowTable::visit_some(std::uint32_t from, std::uint32_t most, const std::function<void(Flow&)>& visit) {
  static_assert(kVisited == FlowPool::kNone);
  return state_->pool.visit_places(from, most, visit);
}

std::size_t FlowTable::size() const {
  return state_->size;
}
std::size_t FlowTable::memory_bytes() const {
  return state_->pool.memory_bytes() + state_->index.memory_bytes() + state_->wheel.memory_bytes();
}
const FlowCounters& FlowTable::counters() const {
  return state_->counters;
}

}  // namespace bulkhead::flow
