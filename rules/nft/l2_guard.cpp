#include "rules/nft/l2_guard.h"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "rules/nft/ruleset_diff.h"

namespace bulkhead::rules {

namespace {

constexpr int kTries = 5;  // interfaces may go between the look and the load

// Takes away the ports whose interface is gone or is another one by now.
void leave_out_gone(std::vector<GuardPort>& ports, std::vector<std::string>& skipped) {
  std::erase_if(ports, [&](const GuardPort& port) {
    const bool gone = ::if_nametoindex(port.interface.c_str()) != port.index;
    if (gone) skipped.push_back(port.interface);
    return gone;
  });
}

}  // namespace

Result<NftRuleset> L2Guard::actual() {
  auto out = transport_.dump(settings_.table);
  if (out) std::erase_if(out->tables, [](const NftTable& table) { return table.family != NftFamily::kNetdev; });
  return out;
}

Result<std::size_t> L2Guard::load_once(const std::vector<GuardPort>& ports) {
  NftRuleset desired;
  desired.tables.push_back(render_guard(ports, settings_));
  auto now = actual();
  if (!now) return now.error();
  const RulesetDifference difference = compare_rulesets(desired, *now);
  if (auto status = transport_.apply(difference.batch); !status) return status.error();
  desired_ = std::move(desired);
  auto findings = verify();
  if (!findings) return findings.error();
  if (!findings->empty()) {
    return Error{"verify", "table netdev " + settings_.table, EBADE,
                 std::to_string(findings->size()) + " differences after the load, the first: " + findings->front()};
  }
  return difference.batch.size();
}

Result<GuardReport> L2Guard::load(std::vector<GuardPort> ports) {
  std::sort(ports.begin(), ports.end());
  GuardReport report;
  for (int attempt = 1;; ++attempt) {
    const std::size_t before = report.skipped.size();
    leave_out_gone(ports, report.skipped);
    auto changes = load_once(ports);
    if (!changes) {
      // Worth another try only if an interface went meanwhile.
      leave_out_gone(ports, report.skipped);
      if (attempt < kTries && report.skipped.size() != before) continue;
      return changes.error();
    }
    report.changes = *changes;
    report.ports = ports.size();
    ports_ = std::move(ports);
    return report;
  }
}

Result<std::vector<std::string>> L2Guard::verify() {
  auto now = actual();
  if (!now) return now.error();
  return compare_rulesets(desired_, *now).findings;
}

}  // namespace bulkhead::rules
