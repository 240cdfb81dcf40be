#include "config/daemon/summary_sink.h"

namespace bulkhead::config {

namespace {
struct TypeName {
  std::string operator()(const std::monostate&) const { return ""; }
  std::string operator()(const event::AlertEvent&) const { return "alert"; }
  std::string operator()(const event::FlowEvent&) const { return "flow"; }
  std::string operator()(const event::DropEvent&) const { return "drop"; }
  std::string operator()(const event::AnomalyEvent&) const { return "anomaly"; }
  std::string operator()(const event::BlockEvent&) const { return "block"; }
  std::string operator()(const event::PacketEvent&) const { return "packet"; }
  std::string operator()(const event::StatsEvent&) const { return "stats"; }
  std::string operator()(const event::AppEvent& e) const { return std::string(e.type); }
};
}  // namespace

void SummarySink::write(const event::Event& event) {
  ++totals_.by_type[std::visit(TypeName{}, event)];
  if (const auto* alert = std::get_if<event::AlertEvent>(&event); alert != nullptr && alert->signature) {
    AlertCount& entry = totals_.alerts[{alert->signature->gid, alert->signature->sid}];
    ++entry.count;
    if (entry.message.empty()) entry.message = alert->signature->message;
  }
}

}  // namespace bulkhead::config
