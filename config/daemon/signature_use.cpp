#include "config/daemon/signature_use.h"

#include <algorithm>
#include <vector>

namespace bulkhead::config {

using Json = nlohmann::json;

nlohmann::json signature_use(const signatures::SignatureDb& db, const signatures::RuleUseReport& use,
                             const SignatureUseQuery& query) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < use.rules.size(); ++i) {
    if (!query.never_hit || use.rules[i].matches == 0) order.push_back(i);
  }
  const auto weight = [&](std::size_t i) {
    const signatures::RuleUseTotals& r = use.rules[i];
    if (query.by == "sid") return 0.0;
    return query.by == "matches"  ? static_cast<double>(r.matches)
           : query.by == "checks" ? static_cast<double>(r.checks)
                                  : r.nanoseconds();
  };
  const auto sid = [&](std::size_t i) { return db.rules[i].signature->info->sid; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double first = weight(a), second = weight(b);
    return first == second ? sid(a) < sid(b) : first > second;
  });
  Json out{{"signatures_total", order.size()}, {"packets", use.packets}};
  if (order.size() > query.limit) order.resize(query.limit);
  Json list = Json::array();
  for (const std::size_t i : order) {
    const event::SignatureInfo& info = *db.rules[i].signature->info;
    const signatures::RuleUseTotals& r = use.rules[i];
    list.push_back({{"gid", info.gid},
                    {"sid", info.sid},
                    {"rev", info.rev},
                    {"message", info.message},
                    {"place", info.source_file.str() + ":" + std::to_string(info.source_line)},
                    {"matches", r.matches},
                    {"checks", r.checks},
                    {"ns_per_check", r.checks == 0 ? 0.0 : r.nanoseconds() / static_cast<double>(r.checks)},
                    {"ns_per_packet", use.packets == 0 ? 0.0 : r.nanoseconds() / static_cast<double>(use.packets)}});
  }
  out["signatures"] = std::move(list);
  return out;
}

}  // namespace bulkhead::config
