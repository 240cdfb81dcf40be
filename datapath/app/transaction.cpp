#include "datapath/app/transaction.h"

#include <algorithm>

namespace bulkhead::app {

namespace {
constexpr std::size_t kMaxEvents = 32;  // of a transaction; the same one once
}

void Transaction::add_event(std::uint8_t event) {
  if (events.size() >= kMaxEvents || std::find(events.begin(), events.end(), event) != events.end()) return;
  events.push_back(event);
  touch(Direction::kToServer);
  touch(Direction::kToClient);
}

void Transaction::write_alert_fields(event::AppFields& out, const EveOptions& options) const {
  std::vector<EveRecord> records;
  write_records(records, options);
  if (!records.empty()) out = std::move(records.front().fields);
}

}  // namespace bulkhead::app
