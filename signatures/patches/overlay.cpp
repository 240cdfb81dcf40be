#include "signatures/patches/overlay.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace bulkhead::patches {

namespace {

using ByCve = std::map<std::string_view, std::vector<const Vulnerability*>>;

// "http://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-44228": what `reference:cve,2021-44228` becomes.
std::string cve_of_url(std::string_view url) {
  const std::size_t equals = url.rfind('=');
  if (equals == std::string_view::npos || url.find("cve") == std::string_view::npos) return {};
  const auto found = cves_in("cve-" + std::string(url.substr(equals + 1)));
  return found.empty() ? std::string() : found[0];
}

// A rule whose author is not sure of it does not drop.
bool is_doubtful(const event::SignatureInfo& rule) {
  return std::any_of(rule.metadata.begin(), rule.metadata.end(), [](const auto& entry) {
    return entry.first == "confidence" && (entry.second == "Low" || entry.second == "low");
  });
}

event::SignatureInfoPtr marked(const event::SignatureInfo& rule, const char* exposure, const Vulnerability* weakness) {
  event::SignatureInfo out = rule;
  std::vector<std::pair<std::string, std::string>> metadata(rule.metadata.begin(), rule.metadata.end());
  metadata.emplace_back("exposure", exposure);
  if (weakness != nullptr) {
    out.severity = 1;
    metadata.emplace_back("exposure_cve", weakness->id);
    metadata.emplace_back("exposure_package", weakness->package + " " + weakness->installed);
    if (!weakness->fixed.empty()) metadata.emplace_back("exposure_fixed_in", weakness->fixed);
  }
  out.metadata = metadata;
  return std::make_shared<const event::SignatureInfo>(std::move(out));
}

}  // namespace

std::vector<std::string> cves_of(const event::SignatureInfo& rule) {
  std::vector<std::string> out;
  const auto add = [&](std::string cve) {
    if (!cve.empty() && std::find(out.begin(), out.end(), cve) == out.end()) out.push_back(std::move(cve));
  };
  for (const std::string_view url : rule.references) {
    const auto named = cves_in(url);
    for (const std::string& cve : named) add(cve);
    if (named.empty()) add(cve_of_url(url));
  }
  for (const auto& [key, value] : rule.metadata) {
    for (std::string& cve : cves_in(std::string(key).append(" ").append(value))) add(std::move(cve));
  }
  for (std::string& cve : cves_in(rule.message)) add(std::move(cve));
  return out;
}

bool is_named(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return pattern == name;
    return name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  });
}

Overlay::Overlay(PatchBookPtr book, signatures::SignatureDbPtr db, const RuleKeys& only_here,
                 const std::vector<PatchedWorkload>& workloads, const PatchSettings& settings)
    : book_(std::move(book)), db_(std::move(db)) {
  std::set<const ImageReport*> reports;
  for (const PatchedWorkload& workload : workloads) {
    const ImageReport* report = book_->report(workload.digest);
    if (report == nullptr) continue;
    reports.insert(report);
    const Host host{report, is_named(settings.protect, workload.name)};
    for (const IpAddress& address : workload.addresses) hosts_.emplace(address, host);
  }
  std::map<const ImageReport*, ByCve> weaknesses;
  for (const ImageReport* report : reports) {
    ByCve& of = weaknesses[report];
    for (const Vulnerability& found : report->vulnerabilities) of[found.id].push_back(&found);
  }
  for (const signatures::Signature& signature : db_->signatures) {
    const std::vector<std::string> cves = cves_of(*signature.info);
    if (cves.empty()) continue;
    Rule rule;
    rule.only_here = only_here.contains({signature.info->gid, signature.info->sid});
    rule.not_vulnerable = marked(*signature.info, "not-vulnerable", nullptr);
    for (const auto& [report, by_cve] : weaknesses) {
      const Vulnerability* worst = nullptr;
      for (const std::string& cve : cves) {
        const auto found = by_cve.find(cve);
        if (found == by_cve.end()) continue;
        for (const Vulnerability* each : found->second) {
          if (worst == nullptr || is_graver(*book_, *each, *worst)) worst = each;
        }
      }
      if (worst == nullptr) continue;
      const bool grave = worst->grade >= settings.drop_from || book_->exploited(worst->id) != nullptr;
      rule.by_report.emplace(
          report, Vulnerable{marked(*signature.info, "vulnerable", worst), grave && !is_doubtful(*signature.info)});
    }
    rules_.emplace(signature.info.get(), std::move(rule));
  }
}

const Overlay::Rule* Overlay::rule(const event::SignatureInfo* signature) const {
  const auto found = rules_.find(signature);
  return found == rules_.end() ? nullptr : &found->second;
}

const Overlay::Host* Overlay::host(const IpAddress& address) const {
  const auto found = hosts_.find(address);
  return found == hosts_.end() ? nullptr : &found->second;
}

}  // namespace bulkhead::patches
