#include "signatures/patches/coverage.h"

#include <algorithm>
#include <map>
#include <utility>

#include "signatures/patches/advice.h"

namespace bulkhead::patches {

namespace {

using Rules = std::map<std::string, std::vector<CoveringRule>>;  // by CVE

Rules rules_by_cve(const signatures::SignatureDb* db, const RuleKeys& only_here) {
  Rules out;
  if (db == nullptr) return out;
  for (const signatures::Signature& signature : db->signatures) {
    const event::SignatureInfo& info = *signature.info;
    for (const std::string& cve : cves_of(info)) {
      const bool drops =
          signature.action == pipeline::RuleAction::kDrop || signature.action == pipeline::RuleAction::kReject;
      out[cve].push_back({info.sid, only_here.contains({info.gid, info.sid}), drops, info.message});
    }
  }
  for (auto& [cve, rules] : out) {
    std::sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.sid < b.sid; });
  }
  return out;
}

CoveredWeakness weakness_of(const PatchBook& book, std::vector<const Vulnerability*> found, const Rules& rules,
                            bool is_protected, Grade drop_from) {
  std::sort(found.begin(), found.end(), [&](const auto* a, const auto* b) { return is_graver(book, *a, *b); });
  CoveredWeakness out;
  out.vulnerability = found.front();
  out.exploited = book.exploited(found.front()->id);
  for (const Vulnerability* each : found) {
    std::string package = each->package + " " + each->installed;
    if (std::find(out.packages.begin(), out.packages.end(), package) == out.packages.end()) {
      out.packages.push_back(std::move(package));
    }
  }
  const bool grave = found.front()->grade >= drop_from || out.exploited != nullptr;
  const auto known = rules.find(found.front()->id);
  if (known != rules.end()) out.rules = known->second;
  std::vector<std::uint32_t> sids;
  for (CoveringRule& rule : out.rules) {
    sids.push_back(rule.sid);
    rule.drops = (rule.drops && !rule.enabled_here) || (is_protected && grave);
  }
  out.advice = advice(*out.vulnerability, out.exploited, sids, is_protected && grave);
  return out;
}

}  // namespace

std::size_t CoveredWorkload::covered() const {
  return static_cast<std::size_t>(
      std::count_if(weaknesses.begin(), weaknesses.end(), [](const auto& w) { return !w.rules.empty(); }));
}

std::size_t CoveredWorkload::exploited() const {
  return static_cast<std::size_t>(
      std::count_if(weaknesses.begin(), weaknesses.end(), [](const auto& w) { return w.exploited != nullptr; }));
}

Coverage coverage_of(PatchBookPtr book, const signatures::SignatureDb* db, const RuleKeys& only_here,
                     const std::vector<PatchedWorkload>& workloads, const PatchSettings& settings) {
  Coverage out;
  out.book = std::move(book);
  const Rules rules = rules_by_cve(db, only_here);
  for (const PatchedWorkload& workload : workloads) {
    CoveredWorkload covered;
    covered.name = workload.name;
    covered.image = workload.image;
    covered.digest = workload.digest;
    covered.report = out.book->report(workload.digest);
    covered.is_protected = is_named(settings.protect, workload.name);
    if (covered.report != nullptr) {
      std::map<std::string_view, std::vector<const Vulnerability*>> by_id;
      for (const Vulnerability& found : covered.report->vulnerabilities) by_id[found.id].push_back(&found);
      for (const auto& [id, found] : by_id) {
        covered.weaknesses.push_back(weakness_of(*out.book, found, rules, covered.is_protected, settings.drop_from));
      }
      std::sort(covered.weaknesses.begin(), covered.weaknesses.end(),
                [&](const auto& a, const auto& b) { return is_graver(*out.book, *a.vulnerability, *b.vulnerability); });
    }
    out.workloads.push_back(std::move(covered));
  }
  std::sort(out.workloads.begin(), out.workloads.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace bulkhead::patches
