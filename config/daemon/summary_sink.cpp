#include "config/daemon/summary_sink.h"

namespace bulkhead::config {

namespace {
struct TypeName {
  const char* operator()(const std::monostate&) const { return ""; }
  const char* operator()(const event::AlertEvent&) const { return "alert"; }
  const char* operator()(const event::FlowEvent&) const { return "flow"; }
  const char* operator()(const event::DropEvent&) const { return "drop"; }
  const char* operator()(const event::AnomalyEvent&) const { return "anomaly"; }
  const char* operator()(const event::BlockEvent&) const { return "block"; }
  const char* operator()(const event::StatsEvent&) const { return "stats"; }
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
