#include "config/daemon/posture_watch.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace bulkhead::config {

using Json = nlohmann::json;

event::AppEvent posture_event(const rules::Workload& workload, const std::vector<rules::PostureFinding>& findings,
                              Timestamp now) {
  Json list = Json::array();
  for (const rules::PostureFinding& finding : findings) {
    list.push_back({{"code", finding.code},
                    {"danger", rules::to_string(finding.danger)},
                    {"text", finding.text},
                    {"advice", finding.advice}});
  }
  Json json{{"workload", workload.full_name()},
            {"danger", findings.empty() ? "none" : rules::to_string(findings.front().danger)},
            {"findings", std::move(list)}};
  if (!workload.image.empty()) json["image"] = workload.image;
  event::AppEvent out;
  out.type = "posture";
  out.header.time = now;
  out.fields.emplace_back("posture", json.dump(-1, ' ', false, Json::error_handler_t::replace));
  return out;
}

std::vector<event::AppEvent> PostureWatch::changes(const rules::Inventory& inventory, Timestamp now) {
  std::vector<event::AppEvent> out;
  std::map<std::string, std::vector<rules::PostureFinding>> current;
  for (const rules::Workload& workload : inventory.workloads()) {
    if (!workload.posture) continue;
    std::vector<rules::PostureFinding> findings = rules::findings_of(*workload.posture);
    const auto before = known_.find(workload.full_name());
    const bool same = before == known_.end() ? findings.empty() : before->second == findings;
    if (!same) out.push_back(posture_event(workload, findings, now));
    current.emplace(workload.full_name(), std::move(findings));
  }
  known_ = std::move(current);
  return out;
}

}  // namespace bulkhead::config
