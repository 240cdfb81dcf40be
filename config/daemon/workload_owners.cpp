#include "config/daemon/workload_owners.h"

#include <net/if.h>

#include <algorithm>
#include <utility>

namespace bulkhead::config {

void WorkloadOwners::use(rules::InventoryPtr inventory) {
  const std::lock_guard lock(mutex_);
  inventory_ = std::move(inventory);
}

rules::InventoryPtr WorkloadOwners::inventory() const {
  const std::lock_guard lock(mutex_);
  return inventory_;
}

const rules::Owner* WorkloadOwners::owner_of(const IpAddress& address) {
  const rules::InventoryPtr known = inventory();
  const rules::Workload* workload = known == nullptr ? nullptr : known->workload_at(address);
  if (workload == nullptr) return nullptr;
  answer_.name = workload->full_name();
  answer_.addresses = workload->addresses;
  return &answer_;
}

bool WorkloadOwners::by_own_port(const IpAddress& source, std::uint32_t interface) const {
  if (interface == 0 || !guarded_.load(std::memory_order_relaxed)) return false;
  const rules::InventoryPtr known = inventory();
  const rules::Workload* workload = known == nullptr ? nullptr : known->workload_at(source);
  if (workload == nullptr) return false;
  const auto ports = workload->all_attachments();
  return std::any_of(ports.begin(), ports.end(), [&](const rules::Attachment& port) {
    if (port.index != 0) return port.index == interface;
    return !port.interface.empty() && if_nametoindex(port.interface.c_str()) == interface;
  });
}

rules::Neighbourhood WorkloadOwners::neighbourhood() {
  rules::Neighbourhood out;
  out.owner_of = [this](const IpAddress& address) { return owner_of(address); };
  out.workloads = [this] {
    const rules::InventoryPtr known = inventory();
    return known == nullptr ? 0 : known->workloads().size();
  };
  out.by_own_port = [this](const IpAddress& source, std::uint32_t interface) { return by_own_port(source, interface); };
  return out;
}

}  // namespace bulkhead::config
