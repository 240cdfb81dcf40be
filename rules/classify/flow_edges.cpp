#include "rules/classify/flow_edges.h"

#include <algorithm>

#include "rules/classify/packet_query.h"

namespace bulkhead::rules {

namespace {

// Remembers what the policies would be asked about the flow.
struct Asked final : flow::FlowExtension {
  explicit Asked(const FlowQuery& q) : query(q) {}
  FlowQuery query;
};

class EdgeCollector final : public pipeline::Inspector {
 public:
  explicit EdgeCollector(FlowEdgeTable& table) : table_(table) {}
  [[nodiscard]] std::string_view name() const override { return "flow-edges"; }

  void inspect(pipeline::InspectContext& context) override {
    if (context.flow == nullptr || !is_judged(context)) return;
    context.flow->set_extension(flow::ExtensionSlot::kPolicy, std::make_unique<Asked>(query_of(*context.packet)));
  }

  void on_flow_end(flow::Flow& flow) override {
    const auto* asked = dynamic_cast<const Asked*>(flow.extension(flow::ExtensionSlot::kPolicy));
    if (asked == nullptr) return;
    // The stream engine turns a flow round when it sees that the other end opened it.
    const bool turned = flow.client.source != asked->query.tuple.source;
    table_.add(turned ? reversed(asked->query) : asked->query, flow);
  }

 private:
  FlowEdgeTable& table_;
};

constexpr std::uint8_t kReset = decode::tcp_flag::kRst;

}  // namespace

FlowQuery FlowEdge::query() const {
  FlowQuery out;
  out.tuple.source = source;
  out.tuple.destination = destination;
  out.tuple.protocol = protocol;
  if (out.is_icmp()) {
    out.icmp_type = static_cast<std::uint8_t>(key >> 8);
    out.icmp_code = static_cast<std::uint8_t>(key & 0xff);
  } else {
    out.tuple.destination_port = key;
    out.tuple.source_port = 40000;
  }
  return out;
}

void FlowEdgeTable::add(const FlowQuery& query, const flow::Flow& flow) {
  const FlowEdge edge{query.tuple.source, query.tuple.destination, query.tuple.protocol, query.port_key()};
  auto found = edges_.find(edge);
  if (found == edges_.end()) {
    if (edges_.size() == kMaxEdges) {
      ++lost_;
      return;
    }
    found = edges_.emplace(edge, EdgeOutcome{}).first;
    found->second.first = flow.start;
  }
  EdgeOutcome& out = found->second;
  const auto& to_client = flow.counts[static_cast<std::size_t>(Direction::kToClient)];
  const bool tcp = edge.protocol == ip_proto::kTcp;
  // A connection that has been closed was open: its server has sent more than a reset.
  const bool reset_only = tcp && (to_client.tcp_flags & decode::tcp_flag::kSyn) == 0;
  const bool answered = to_client.packets != 0 && !(reset_only && (to_client.tcp_flags & kReset) != 0);
  ++out.flows;
  out.answered += answered;
  out.refused += tcp && !answered && (to_client.tcp_flags & kReset) != 0;
  out.midstream += flow.is_tcp_midstream;
  out.bytes += flow.counts[0].bytes + flow.counts[1].bytes;
  out.first = std::min(out.first, flow.start);
  out.last = std::max(out.last, flow.start);
  const std::int64_t window = flow.start.seconds() / kEdgeWindow.count();
  const auto at = std::lower_bound(out.windows.begin(), out.windows.end(), window);
  if ((at == out.windows.end() || *at != window) && out.windows.size() < kMaxWindows) out.windows.insert(at, window);
}

std::unique_ptr<pipeline::Inspector> FlowEdgeFactory::make(std::uint32_t /*worker*/) const {
  return std::make_unique<EdgeCollector>(table_);
}

}  // namespace bulkhead::rules
