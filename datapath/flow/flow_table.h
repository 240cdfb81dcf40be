// The flows of one worker: open addressing over a compact index, flows in a stable pool.
//
// Thread   one worker.
// In       decoded packets with their time; time never runs backwards inside the table (a late
//          packet is taken at the latest time seen).
// Out      the flow and the packet's direction, or nullptr for packets without flow (ARP, broken,
//          fragments, ICMP errors whose quoted packet belongs to no flow).
// Limits   FlowSettings::max_flows; at the limit the least recently used flow is ended with kForced
//          and counted, so memory never grows past the pool.
// Order    ended flows reach the callback in a deterministic order (by expiry time, then first packet).
// Tests    tests/unit/datapath/flow/flow_table_test.cpp
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "datapath/base/counters.h"
#include "datapath/decode/packet_view.h"
#include "datapath/flow/flow.h"
#include "datapath/flow/flow_settings.h"

namespace bulkhead::flow {

struct FlowLookup {
  Flow* flow = nullptr;
  Direction direction = Direction::kToServer;
  bool is_new = false;
};

struct FlowCounters {
  Counter total, active, tcp, udp, icmpv4, icmpv6, sctp, other, ended_timeout, ended_forced, ended_shutdown, tcp_reuse;
};

class FlowTable {
 public:
  using EndCallback = std::function<void(Flow&, FlowEndReason)>;

  FlowTable(const FlowSettings& settings, EndCallback on_end);
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  // Finds or makes the flow, counts the packet in it and refreshes its timeout. A flow whose timeout
  // has passed is ended first and a new one made.
  [[nodiscard]] FlowLookup lookup(const decode::PacketView& packet);
  // Brings the bucket of a hash into the cache ahead of lookup().
  void prefetch(std::uint64_t hash) const;
  [[nodiscard]] std::uint64_t hash_of(const decode::PacketView& packet) const;

  // Packets of a flow that somebody else has counted up to `now`: they refresh its timeout, too. False: there is no
  // such flow any more.
  bool count_elsewhere(const FlowKey& key, std::uint64_t hash, Direction direction, std::uint64_t packets,
                       std::uint64_t bytes, Timestamp now);

  // Ends every flow whose timeout lies before `now`. Called once per second of packet time.
  void expire(Timestamp now);
  // Ends one flow now, for example a TCP tuple that is used again by a new SYN.
  void end(Flow& flow, FlowEndReason reason);
  // A new SYN on a finished connection (StreamUpdate::reused): takes the packet back out of the flow's
  // counts, ends the flow (EVE says kTimeout for it) and looks the packet up again, which makes a new flow.
  // For the flow and packet of the last lookup().
  [[nodiscard]] FlowLookup reopen(Flow& flow, const decode::PacketView& packet, FlowEndReason reason);
  // Ends all flows in order of their first packet.
  void end_all(FlowEndReason reason);

  // Looks at the flows from the most recently used on, until `visit` answers false. The worker's thread.
  void visit_newest(const std::function<bool(const Flow&)>& visit) const;
  // Each flow once, `most` places of the table at a time, with packets in between; a flow that comes meanwhile may be
  // left out. `from`: 0, then what the call before gave; kVisited: that was all.
  static constexpr std::uint32_t kVisited = UINT32_MAX;
  [[nodiscard]] std::uint32_t visit_some(std::uint32_t from, std::uint32_t most,
                                         const std::function<void(Flow&)>& visit);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t memory_bytes() const;
  [[nodiscard]] const FlowCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bulkhead::flow
