#include "config/daemon/workload_labels.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace bulkhead::config {

namespace {

std::string json_of_workload(const rules::Workload& workload) {
  nlohmann::ordered_json out;
  out["name"] = workload.full_name();
  if (!workload.labels.empty()) out["labels"] = workload.labels;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void WorkloadLabels::use(rules::InventoryPtr inventory) {
  const std::lock_guard lock(mutex_);
  next_ = std::move(inventory);
  changed_ = true;
}

std::string_view WorkloadLabels::json_of(const IpAddress& address) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(changed_, false)) {
      inventory_ = std::move(next_);
      texts_.clear();
    }
  }
  if (inventory_ == nullptr) return {};
  if (const auto known = texts_.find(address); known != texts_.end()) return known->second;
  if (texts_.size() >= kMostKept) texts_.clear();
  const rules::Workload* workload = inventory_->workload_at(address);
  return texts_.emplace(address, workload == nullptr ? std::string() : json_of_workload(*workload)).first->second;
}

}  // namespace bulkhead::config
