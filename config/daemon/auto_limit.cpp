#include "config/daemon/auto_limit.h"

#include <set>
#include <utility>

#include "config/daemon/behaviour_thread.h"

namespace bulkhead::config {

namespace {

// "privileged, net-raw"; empty: none of them counts.
std::string counted(const std::vector<std::string>& findings, const std::set<std::string>& settings) {
  std::string out;
  for (const std::string& code : findings) {
    if (settings.contains(code)) out += (out.empty() ? "" : ", ") + code;
  }
  return out;
}

bool is_owned_by(const rules::Inventory& inventory, const IpAddress& address, const std::string& owner) {
  const rules::Workload* workload = address.is_set() ? inventory.workload_at(address) : nullptr;
  return workload != nullptr && owner_of(*workload) == owner;
}

}  // namespace

std::optional<rules::ResponseEvidence> limit_evidence(const AutoLimitSettings& settings, const PostureCase& about,
                                                      const rules::Inventory& inventory) {
  if (!settings.severity || about.incident.severity < *settings.severity || about.incident.evidence.empty()) return {};
  const std::string codes = counted(about.findings, settings.findings);
  if (codes.empty()) return {};
  const behaviour::Evidence& last = about.incident.evidence.back();
  rules::ResponseEvidence out;
  out.client = out.packet = last.tuple;
  if (!is_owned_by(inventory, out.packet.source, about.actor)) {
    std::swap(out.packet.source, out.packet.destination);
    std::swap(out.packet.source_port, out.packet.destination_port);
    if (!is_owned_by(inventory, out.packet.source, about.actor)) return {};
  }
  out.established = last.verified;
  out.reason = "posture " + codes + "; incident " + std::to_string(about.incident.id) + ": " + last.text;
  return out;
}

std::vector<BlockThread::Standing> standing_limits(const AutoLimitSettings& settings,
                                                   const rules::Inventory& inventory) {
  std::vector<BlockThread::Standing> out;
  if (settings.always.empty()) return out;
  for (const rules::Workload& workload : inventory.workloads()) {
    if (!workload.posture || workload.host_network || workload.addresses.empty()) continue;
    std::vector<std::string> findings;
    for (const rules::PostureFinding& finding : rules::findings_of(*workload.posture)) {
      findings.emplace_back(finding.code);
    }
    const std::string codes = counted(findings, settings.always);
    if (codes.empty()) continue;
    BlockThread::Standing standing;
    standing.workload = workload.full_name();
    standing.evidence.packet.source = workload.addresses.front();
    standing.evidence.client = standing.evidence.packet;
    standing.evidence.established = true;
    standing.evidence.reason = "posture " + codes;
    out.push_back(std::move(standing));
  }
  return out;
}

}  // namespace bulkhead::config
