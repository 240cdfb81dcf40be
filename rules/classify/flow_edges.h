// What a capture shows of who talks to whom: one edge for each pair of addresses, protocol and destination port
// (or ICMP type), with what became of its flows.
//
// Thread   one collector, on the one worker of a replay; read the table when the replay has ended.
// Out      FlowEdgeTable, sorted by edge.
// Limits   kMaxEdges edges; flows of further edges are counted in lost(). kMaxWindows windows an edge.
// Errors   none. Tests  tests/unit/rules/classify/flow_edges_test.cpp, tests/policy/captures.py
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "datapath/pipeline/inspector.h"
#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMaxEdges = 1'000'000;
inline constexpr std::size_t kMaxWindows = 4096;
inline constexpr std::chrono::seconds kEdgeWindow{10};

struct FlowEdge {
  IpAddress source, destination;
  std::uint8_t protocol = 0;
  std::uint16_t key = 0;  // destination port, or ICMP type * 256 + code

  [[nodiscard]] FlowQuery query() const;
  auto operator<=>(const FlowEdge&) const = default;
};

struct EdgeOutcome {
  std::uint64_t flows = 0;
  std::uint64_t answered = 0;   // both ends were heard; TCP: a connection came about
  std::uint64_t refused = 0;    // TCP: reset before a connection came about
  std::uint64_t midstream = 0;  // TCP picked up in its middle: who opened it is a guess
  std::uint64_t bytes = 0;
  Timestamp first, last;              // start of the first and of the last flow
  std::vector<std::int64_t> windows;  // numbers of the kEdgeWindow in which flows began, ascending
};

class FlowEdgeTable {
 public:
  void add(const FlowQuery& query, const flow::Flow& flow);
  [[nodiscard]] const std::map<FlowEdge, EdgeOutcome>& edges() const { return edges_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  std::map<FlowEdge, EdgeOutcome> edges_;
  std::uint64_t lost_ = 0;
};

// For a replay with one worker; `table` outlives it.
class FlowEdgeFactory final : public pipeline::InspectorFactory {
 public:
  explicit FlowEdgeFactory(FlowEdgeTable& table) : table_(table) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t worker) const override;

 private:
  FlowEdgeTable& table_;
};

}  // namespace bulkhead::rules
