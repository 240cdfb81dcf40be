#include "rules/reconcile/label_changes.h"

#include <algorithm>

namespace bulkhead::rules {

namespace {

template <typename List, typename Same>
bool all_same(const List& a, const List& b, Same&& same) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool same_port(const WorkloadPort& a, const WorkloadPort& b) {
  return a.name == b.name && a.protocol == b.protocol && a.port == b.port;
}
bool same_node(const Node& a, const Node& b) {
  return a.name == b.name && a.labels == b.labels && a.addresses == b.addresses;
}
bool same_external(const ExternalHost& a, const ExternalHost& b) {
  return a.name == b.name && a.addresses == b.addresses && a.dns == b.dns;
}
bool same_service_port(const ServicePort& a, const ServicePort& b) {
  return a.protocol == b.protocol && a.port == b.port && a.target == b.target && a.target_name == b.target_name;
}
bool same_service(const Service& a, const Service& b) {
  return a.name == b.name && a.name_space == b.name_space && a.addresses == b.addresses && a.endpoints == b.endpoints &&
         all_same(a.ports, b.ports, same_service_port);
}

}  // namespace

bool same_but_labels(const Workload& a, const Workload& b) {
  return a.name == b.name && a.name_space == b.name_space && a.node == b.node && a.interface == b.interface &&
         a.mac == b.mac && a.addresses == b.addresses && a.host_network == b.host_network &&
         a.attachments == b.attachments && a.image == b.image && a.image_digest == b.image_digest &&
         a.posture == b.posture && all_same(a.ports, b.ports, same_port);
}

std::optional<std::vector<Workload>> label_changes(const Inventory& before, const Inventory& after, std::size_t most) {
  if (before.workloads().size() != after.workloads().size() || !all_same(before.nodes(), after.nodes(), same_node) ||
      !all_same(before.external(), after.external(), same_external) ||
      !all_same(before.services(), after.services(), same_service)) {
    return std::nullopt;
  }
  std::vector<Workload> out;
  for (std::size_t i = 0; i < after.workloads().size(); ++i) {
    const Workload& now = after.workloads()[i];
    const Workload* old = &before.workloads()[i];
    // The order of the file may be another.
    if (old->name != now.name || old->name_space != now.name_space) old = before.workload_named(now.full_name());
    if (old == nullptr || !same_but_labels(*old, now)) return std::nullopt;
    if (old->labels == now.labels && old->namespace_labels == now.namespace_labels) continue;
    if (out.size() == most) return std::nullopt;
    out.push_back(now);
  }
  return out;
}

}  // namespace bulkhead::rules
