// Everything the policies can name: workloads, nodes and hosts outside, with their addresses.
//
// Thread   built by one thread, then immutable and shared.
// Errors   add_*() answers what contradicts an earlier entry (same name, same address or interface);
//          the entry is then left out.
// Limits   none of its own; the sources bound their input.
// Tests    tests/unit/rules/discovery/inventory_test.cpp
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/model/service.h"
#include "rules/model/workload.h"

namespace bulkhead::rules {

struct IpAddressHash {
  std::size_t operator()(const IpAddress& a) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(a.bytes().data()), a.size()});  // the unused bytes are zero
  }
};

class Inventory {
 public:
  // nullopt: taken. Otherwise the contradiction, in words.
  [[nodiscard]] std::optional<std::string> add_workload(Workload workload);
  [[nodiscard]] std::optional<std::string> add_node(Node node);
  [[nodiscard]] std::optional<std::string> add_external(ExternalHost host);
  [[nodiscard]] std::optional<std::string> add_service(Service service);

  [[nodiscard]] const std::vector<Workload>& workloads() const { return workloads_; }
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<ExternalHost>& external() const { return external_; }
  [[nodiscard]] const std::vector<Service>& services() const { return services_; }

  // The workload that owns the address (host-network workloads own none); null: none does.
  [[nodiscard]] const Workload* workload_at(const IpAddress& address) const;
  // "namespace/name", or a bare name that only one workload has.
  [[nodiscard]] const Workload* workload_named(std::string_view name) const;
  [[nodiscard]] const Service* service_named(std::string_view name) const;  // "namespace/name"
  [[nodiscard]] const Workload* workload_on(std::string_view interface) const;
  // "shop/web", "node:n1", "ext:dns", "svc:shop/db" or the address itself.
  [[nodiscard]] std::string name_of(const IpAddress& address) const;
  // Every label key in use, for hints.
  [[nodiscard]] std::vector<std::string> label_keys() const;

 private:
  std::optional<std::string> address_taken(const std::vector<IpAddress>& addresses) const;

  std::vector<Workload> workloads_;
  std::vector<Node> nodes_;
  std::vector<ExternalHost> external_;
  std::vector<Service> services_;
  std::unordered_map<IpAddress, std::size_t, IpAddressHash> by_address_;     // workloads
  std::unordered_map<IpAddress, std::string, IpAddressHash> other_address_;  // nodes, external hosts, services
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> by_interface_;
};

using InventoryPtr = std::shared_ptr<const Inventory>;

}  // namespace bulkhead::rules
