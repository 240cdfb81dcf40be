#include "rules/compile/workload_index.h"

#include <algorithm>

namespace bulkhead::rules {

namespace {

using Subject = Requirement::Subject;

// No label holds a byte below the blank, so the parts cannot run into each other.
std::string value_key(Subject subject, std::string_view key, std::string_view value) {
  std::string out(1, static_cast<char>('0' + static_cast<int>(subject)));
  out.append(key).append(1, '\x01').append(value);
  return out;
}

std::string presence_key(Subject subject, std::string_view key) {
  std::string out(1, static_cast<char>('0' + static_cast<int>(subject)));
  return out.append(key).append(1, '\x02');
}

const WorkloadIndex::Ids kNoIds;

}  // namespace

WorkloadIndex::WorkloadIndex(const Inventory& inventory) : workloads_(inventory.workloads()) {
  for (std::uint32_t id = 0; id < workloads_.size(); ++id) {
    const Workload& workload = workloads_[id];
    if (workload.host_network) continue;
    all_.push_back(id);
    lists_[value_key(Subject::kNamespace, "", workload.name_space)].push_back(id);
    lists_[value_key(Subject::kPod, "", workload.name)].push_back(id);
    if (!workload.node.empty()) lists_[value_key(Subject::kNode, "", workload.node)].push_back(id);
    const auto add = [&](Subject subject, const Labels& labels) {
      for (const auto& [key, value] : labels) {
        lists_[value_key(subject, key, value)].push_back(id);
        lists_[presence_key(subject, key)].push_back(id);
      }
    };
    add(Subject::kLabel, workload.labels);
    add(Subject::kNamespaceLabel, workload.namespace_labels);
    for (const WorkloadPort& port : workload.ports) {
      if (port.name.empty()) continue;
      Ids& ids = port_names_[port.name];
      if (ids.empty() || ids.back() != id) ids.push_back(id);
    }
  }
}

const WorkloadIndex::Ids& WorkloadIndex::list(const std::string& key) const {
  const auto found = lists_.find(key);
  return found == lists_.end() ? kNoIds : found->second;
}

const WorkloadIndex::Ids& WorkloadIndex::with_port_name(const std::string& name) const {
  const auto found = port_names_.find(name);
  return found == port_names_.end() ? kNoIds : found->second;
}

std::size_t WorkloadIndex::candidate_count(const Requirement& r) const {
  const bool always_there = r.subject == Subject::kNamespace || r.subject == Subject::kPod;
  if (r.op == Requirement::Op::kHas && r.subject != Subject::kNode && !always_there) {
    return list(presence_key(r.subject, r.key)).size();
  }
  if (r.op != Requirement::Op::kIn) return all_.size();
  std::size_t count = 0;
  for (const std::string& value : r.values) count += list(value_key(r.subject, r.key, value)).size();
  return count;
}

WorkloadIndex::Ids WorkloadIndex::candidates(const Requirement& r) const {
  if (r.op == Requirement::Op::kHas) return list(presence_key(r.subject, r.key));
  Ids out;
  for (const std::string& value : r.values) {
    const Ids& ids = list(value_key(r.subject, r.key, value));
    out.insert(out.end(), ids.begin(), ids.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

WorkloadIndex::Ids WorkloadIndex::members(const Selector& selector) const {
  const Requirement* best = nullptr;
  std::size_t fewest = all_.size();
  for (const Requirement& r : selector.all) {
    const std::size_t count = candidate_count(r);
    if (count >= fewest) continue;
    fewest = count;
    best = &r;
  }
  Ids out;
  for (const std::uint32_t id : best == nullptr ? all_ : candidates(*best)) {
    if (selector.matches(workloads_[id])) out.push_back(id);
  }
  return out;
}

}  // namespace bulkhead::rules
