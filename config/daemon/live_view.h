// What the daemon can tell about the node at this moment: who talks to whom, what was denied, alerted and blocked.
//
//   output thread --take()--> totals by edge (who, to whom, protocol, service port), the last events
//   any thread    --flows()-->  live flows of the workers (pipeline::FlowRecord) joined with names
//
// Names    "shop/web", "node:n1", "ext:dns" as the inventory has them; other private addresses as they are, all others
//          are "world".
// Totals   traffic of a flow counts where it ended, and live flows are added when somebody asks: they only grow, but
//          for a flow that ends between the two looks.
// Thread   take() by the output thread; the rest by any; one short lock.
// Limits   kMostEnds names and kMostEdges edges (later ones go to "(others)"), kMostEvents events of at most
//          kMostEventBytes each; a subscriber that does not read is the control server's to end.
// Tests    tests/unit/config/daemon/live_view_test.cpp
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "datapath/event/event.h"
#include "datapath/output/eve_json.h"
#include "datapath/output/event_sink.h"
#include "datapath/pipeline/flow_record.h"
#include "rules/discovery/inventory.h"

namespace bulkhead::config {

struct EventFilter {
  std::uint64_t after = 0;    // sequence numbers beyond this
  std::size_t limit = 100;    // the last so many
  std::string type;           // alert, drop, block, incident; empty: all
  std::string end;            // source or destination of this name
  std::uint64_t flow_id = 0;  // 0: any
};

struct FlowFilter {
  std::size_t limit = 200;
  std::string end;  // a name or an address at either end
  std::string app_protocol;
  bool alerted = false;
};

class LiveView {
 public:
  static constexpr std::size_t kMostEnds = 65536;
  static constexpr std::size_t kMostEdges = 16384;
  static constexpr std::size_t kMostEvents = 4096;
  static constexpr std::size_t kMostEventBytes = 16384;
  // An event as JSON text; false: this subscriber has gone.
  using Subscriber = std::function<bool(const std::string&)>;

  explicit LiveView(std::vector<std::string> port_names = {});  // of DPDK, in the order of the settings

  void use(rules::InventoryPtr inventory);
  void take(const event::Event& event);
  // Called for each later alert, denial, block and incident.
  void subscribe(Subscriber subscriber);

  [[nodiscard]] nlohmann::json events(const EventFilter& filter) const;
  // One event with everything that is known of it, "eve" included; null: it is gone.
  [[nodiscard]] nlohmann::json event(std::uint64_t sequence) const;
  [[nodiscard]] nlohmann::json flows(const std::vector<pipeline::FlowRecord>& live, const FlowFilter& filter) const;
  [[nodiscard]] nlohmann::json workloads(const std::vector<pipeline::FlowRecord>& live) const;
  [[nodiscard]] nlohmann::json edges(const std::vector<pipeline::FlowRecord>& live) const;
  // Flows that were seen lately, live and ended, oldest first, for what-if.
  [[nodiscard]] std::vector<FlowTuple> recent_tuples(const std::vector<pipeline::FlowRecord>& live) const;
  struct Sums {
    std::uint64_t alerts = 0, denied = 0, blocks = 0, incidents = 0, flows_ended = 0;
  };
  [[nodiscard]] Sums sums() const;
  [[nodiscard]] std::string name_of(const IpAddress& address) const;

 private:
  struct Totals {
    std::uint64_t flows = 0, bytes_to_server = 0, bytes_to_client = 0, packets_to_server = 0, packets_to_client = 0;
    std::uint64_t alerts = 0, denied = 0, blocks = 0;
    std::uint64_t active = 0;  // of live flows, when asked
    std::int64_t last_ns = 0;
    std::string_view app_protocol;
    void add(const Totals& other);
  };
  using EdgeKey = std::tuple<std::uint32_t, std::uint32_t, std::uint8_t, std::uint16_t>;  // ends, protocol, port
  using Edges = std::map<EdgeKey, Totals>;
  struct Kept {
    std::uint64_t sequence = 0;
    std::string type;
    std::uint32_t from = 0, to = 0;
    std::uint64_t flow_id = 0;
    std::string json;
    std::string eve;
  };

  [[nodiscard]] std::string name_locked(const IpAddress& address) const;
  [[nodiscard]] std::uint32_t end_of(const IpAddress& address) const;
  [[nodiscard]] EdgeKey key_of(const FlowTuple& client) const;
  [[nodiscard]] Totals* edge(const EdgeKey& key);
  void keep(const event::Event& event, std::string type, const FlowTuple& client, nlohmann::json json);
  void take_alert(const event::AlertEvent& e, const event::Event& event);
  void take_drop(const event::DropEvent& e, const event::Event& event);
  void take_block(const event::BlockEvent& e, const event::Event& event);
  void take_incident(const event::AppEvent& e, const event::Event& event);
  void take_flow(const event::FlowEvent& e);
  [[nodiscard]] Edges edges_with(const std::vector<pipeline::FlowRecord>& live) const;

  mutable std::mutex mutex_;
  rules::InventoryPtr inventory_;
  std::unordered_map<std::string, std::string>
      link_locals_;  // IPv6 address -> workload, from the MAC addresses of its ports
  mutable std::unordered_map<std::string, std::uint32_t> end_ids_;
  mutable std::vector<std::string> ends_;
  Edges edges_;
  std::deque<Kept> events_;
  std::deque<FlowTuple> ended_;
  std::uint64_t next_sequence_ = 1;
  Sums sums_;
  output::EveJson eve_;  // the output thread's
  std::vector<Subscriber> subscribers_;
};

class LiveViewSink final : public output::EventSink {
 public:
  explicit LiveViewSink(LiveView& view) : view_(view) {}
  [[nodiscard]] Status open() override { return ok(); }
  void write(const event::Event& event) override { view_.take(event); }
  void flush() override {}
  [[nodiscard]] output::SinkHealth health() const override { return {}; }

 private:
  LiveView& view_;
};

}  // namespace bulkhead::config
