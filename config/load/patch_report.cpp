#include "config/load/patch_report.h"

#include <algorithm>

namespace bulkhead::config {

using Json = nlohmann::json;

std::vector<patches::PatchedWorkload> patched(const rules::Inventory& inventory) {
  std::vector<patches::PatchedWorkload> out;
  for (const rules::Workload& workload : inventory.workloads()) {
    patches::PatchedWorkload one{workload.full_name(), workload.image, workload.image_digest, {}};
    // The addresses of the node belong to many.
    if (!workload.host_network) one.addresses = workload.addresses;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<patches::PatchedWorkload> images_alone(const patches::PatchBook& book) {
  std::vector<patches::PatchedWorkload> out;
  for (const auto& report : book.reports()) {
    out.push_back({report->name, report->name, report->digests.front(), {}});
  }
  return out;
}

std::set<std::string> wanted_cves(const patches::PatchBook* book, const patches::PatchSettings& settings) {
  std::set<std::string> out;
  if (book == nullptr || !settings.enable) return out;
  for (const auto& report : book->reports()) {
    for (const patches::Vulnerability& found : report->vulnerabilities) out.insert(found.id);
  }
  return out;
}

namespace {

Json weakness_json(const patches::CoveredWeakness& weakness) {
  const patches::Vulnerability& v = *weakness.vulnerability;
  Json out{{"id", v.id},
           {"grade", patches::to_string(v.grade)},
           {"title", v.title},
           {"packages", weakness.packages},
           {"advice", weakness.advice},
           {"covered", !weakness.rules.empty()}};
  if (v.cvss > 0) out["cvss"] = v.cvss;
  if (!v.fixed.empty()) out["fixed_in"] = v.fixed;
  if (!v.url.empty()) out["url"] = v.url;
  if (weakness.exploited != nullptr) {
    out["exploited"] = {{"since", weakness.exploited->added},
                        {"due", weakness.exploited->due},
                        {"ransomware", weakness.exploited->ransomware},
                        {"action", weakness.exploited->action}};
  }
  Json rules = Json::array();
  for (const patches::CoveringRule& rule : weakness.rules) {
    rules.push_back(
        {{"sid", rule.sid}, {"signature", rule.message}, {"enabled_here", rule.enabled_here}, {"drops", rule.drops}});
  }
  out["rules"] = std::move(rules);
  return out;
}

}  // namespace

Json patch_json(const patches::Coverage& coverage, std::size_t most) {
  Json workloads = Json::array();
  for (const patches::CoveredWorkload& workload : coverage.workloads) {
    Json one{{"name", workload.name},
             {"image", workload.image},
             {"digest", workload.digest},
             {"scanned", workload.report != nullptr},
             {"protected", workload.is_protected}};
    if (workload.report != nullptr) {
      one["report"] = workload.report->name;
      one["weaknesses_total"] = workload.weaknesses.size();
      one["covered"] = workload.covered();
      one["exploited"] = workload.exploited();
      Json list = Json::array();
      for (const patches::CoveredWeakness& weakness : workload.weaknesses) {
        if (list.size() == most) break;
        list.push_back(weakness_json(weakness));
      }
      one["weaknesses"] = std::move(list);
    }
    workloads.push_back(std::move(one));
  }
  return {{"workloads", std::move(workloads)},
          {"reports", coverage.book == nullptr ? 0 : coverage.book->reports().size()},
          {"exploited_known", coverage.book == nullptr ? 0 : coverage.book->exploited_entries()}};
}

}  // namespace bulkhead::config
