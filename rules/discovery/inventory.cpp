#include "rules/discovery/inventory.h"

#include <set>
#include <utility>

namespace bulkhead::rules {

std::optional<std::string> Inventory::address_taken(const std::vector<IpAddress>& addresses) const {
  for (const IpAddress& address : addresses) {
    if (const Workload* owner = workload_at(address)) {
      return "address " + address.to_string() + " belongs to " + owner->full_name() + " already";
    }
    if (const auto other = other_address_.find(address); other != other_address_.end()) {
      return "address " + address.to_string() + " belongs to " + other->second + " already";
    }
  }
  return std::nullopt;
}

std::optional<std::string> Inventory::add_workload(Workload workload) {
  const std::string name = workload.full_name();
  if (by_name_.contains(name)) return "workload " + name + " is listed twice";
  // A host-network workload shares its node's addresses.
  if (!workload.host_network) {
    if (auto taken = address_taken(workload.addresses)) return taken;
  }
  const std::vector<Attachment> ports = workload.all_attachments();
  for (const Attachment& port : ports) {
    const auto other = by_interface_.find(port.interface);
    if (other == by_interface_.end()) continue;
    return "interface " + port.interface + " belongs to " + workloads_[other->second].full_name() + " already";
  }
  const std::size_t index = workloads_.size();
  by_name_.emplace(name, index);
  for (const Attachment& port : ports) by_interface_.emplace(port.interface, index);
  if (!workload.host_network) {
    for (const IpAddress& address : workload.addresses) by_address_.emplace(address, index);
  }
  workloads_.push_back(std::move(workload));
  return std::nullopt;
}

std::optional<std::string> Inventory::add_node(Node node) {
  for (const Node& other : nodes_) {
    if (other.name == node.name) return "node " + node.name + " is listed twice";
  }
  if (auto taken = address_taken(node.addresses)) return taken;
  for (const IpAddress& address : node.addresses) other_address_.emplace(address, "node:" + node.name);
  nodes_.push_back(std::move(node));
  return std::nullopt;
}

std::optional<std::string> Inventory::add_external(ExternalHost host) {
  if (auto taken = address_taken(host.addresses)) return taken;
  for (const IpAddress& address : host.addresses) other_address_.emplace(address, "ext:" + host.name);
  external_.push_back(std::move(host));
  return std::nullopt;
}

std::optional<std::string> Inventory::add_service(Service service) {
  if (service_named(service.full_name()) != nullptr) return "service " + service.full_name() + " is listed twice";
  if (auto taken = address_taken(service.addresses)) return taken;
  for (const IpAddress& address : service.addresses) other_address_.emplace(address, "svc:" + service.full_name());
  services_.push_back(std::move(service));
  return std::nullopt;
}

const Service* Inventory::service_named(std::string_view name) const {
  for (const Service& service : services_) {
    if (service.full_name() == name) return &service;
  }
  return nullptr;
}

const Workload* Inventory::workload_at(const IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &workloads_[found->second];
}

const Workload* Inventory::workload_named(std::string_view name) const {
  if (name.find('/') != std::string_view::npos) {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &workloads_[found->second];
  }
  const Workload* only = nullptr;
  for (const Workload& workload : workloads_) {
    if (workload.name != name) continue;
    if (only != nullptr) return nullptr;
    only = &workload;
  }
  return only;
}

const Workload* Inventory::workload_on(std::string_view interface) const {
  const auto found = by_interface_.find(std::string(interface));
  return found == by_interface_.end() ? nullptr : &workloads_[found->second];
}

std::string Inventory::name_of(const IpAddress& address) const {
  if (const Workload* workload = workload_at(address)) return workload->full_name();
  const auto other = other_address_.find(address);
  return other != other_address_.end() ? other->second : address.to_string();
}

std::vector<std::string> Inventory::label_keys() const {
  std::set<std::string> keys;
  for (const Workload& workload : workloads_) {
    for (const auto& [key, value] : workload.labels) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace bulkhead::rules
