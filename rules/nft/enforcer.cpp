#include "rules/nft/enforcer.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "rules/nft/admitted_flows.h"
#include "rules/nft/nft_printer.h"

namespace bulkhead::rules {

namespace {

LoadReport count(const NftRuleset& ruleset) {
  LoadReport out;
  for (const NftTable& table : ruleset.tables) {
    out.chains += table.chains.size();
    out.sets += table.sets.size();
    for (const NftChain& chain : table.chains) out.rules += chain.rules.size();
    for (const NftSet& set : table.sets) out.elements += set.elements.size();
  }
  return out;
}

// The netdev table of the same name is the L2 guard's (l2_guard.h).
void leave_out_guard(NftRuleset& ruleset) {
  std::erase_if(ruleset.tables, [](const NftTable& table) { return table.family == NftFamily::kNetdev; });
}

}  // namespace

Result<LoadReport> Enforcer::load(const PolicyTablePtr& table) {
  auto report = load(table, EnforcementMode::detect());
  if (report) mode_detected_ = true;
  return report;
}

// What the kernel would let pass although a policy says otherwise is refused before it changes anything.
std::optional<Error> Enforcer::unenforceable(const PolicyTable& table, const EnforcementMode& mode) const {
  const bool sees_all = mode.bridged_v4_in_inet && mode.bridged_v6_in_inet;
  for (const TableRule& rule : table.rules()) {
    if (rule.inspect_inline && !rule.audit && (!sees_all || settings_.inline_queue.flows == InlineFlows::kNothing)) {
      return Error{"render", "rule " + rule.key + (rule.place().empty() ? "" : " (" + rule.place() + ")"), ENOTSUP,
                   sees_all ? "inspects inline, and inline.flows is none: set it to policy"
                            : "inspects inline, and netfilter's queues do not see bridged traffic here: set "
                              "net.bridge.bridge-nf-call-iptables and bridge-nf-call-ip6tables to 1"};
    }
    if (sees_all) continue;
    if (!rule.limit || rule.limit->open_flows == 0 || rule.audit) continue;
    return Error{"render", "rule " + rule.key + (rule.place().empty() ? "" : " (" + rule.place() + ")"), ENOTSUP,
                 "open flows are counted by conntrack, and bridged traffic has none here: limit `new` instead, or set "
                 "net.bridge.bridge-nf-call-iptables and bridge-nf-call-ip6tables to 1"};
  }
  return std::nullopt;
}

Result<LoadReport> Enforcer::load(const PolicyTablePtr& table, const EnforcementMode& mode) {
  if (table != nullptr) {
    if (auto why = unenforceable(*table, mode)) return *why;
  }
  NftRuleset desired = render_ruleset(table.get(), mode, settings_);
  auto actual = transport_.dump(settings_.table);
  if (!actual) return actual.error();
  leave_out_guard(*actual);
  const RulesetDifference difference = compare_rulesets(desired, *actual, Findings::kOmitted);
  if (auto status = transport_.apply(difference.batch); !status) return status.error();
  // Who cuts flows behind the commit forgets once more (session_cutter.h).
  if (auto status = forget_admitted(transport_, settings_.table); !status) return status.error();
  if (on_commit_) on_commit_();
  desired_ = std::move(desired);
  mode_ = mode;
  mode_detected_ = false;
  LoadReport report = count(desired_);
  report.mode = mode;
  report.changes = difference.batch.size();
  auto proof = verify();
  if (!proof) return proof.error();
  if (!proof->empty()) {
    return Error{"verify", "table " + settings_.table, EBADE,
                 std::to_string(proof->size()) + " differences after the load, the first: " + proof->front()};
  }
  return report;
}

Status Enforcer::amend(const NftBatch& batch, const std::function<void(NftRuleset&)>& commit) {
  if (auto status = transport_.apply(batch); !status) return status;
  commit(desired_);
  return forget_admitted(transport_, settings_.table);
}

Result<std::vector<std::string>> Enforcer::verify() {
  auto actual = transport_.dump(settings_.table);
  if (!actual) return actual.error();
  leave_out_guard(*actual);
  std::vector<std::string> findings = compare_rulesets(desired_, *actual).findings;
  if (mode_detected_ && EnforcementMode::detect() != mode_) {
    findings.push_back("bridged traffic is no longer seen in the same hooks: loaded for " + mode_.to_string() +
                       ", now " + EnforcementMode::detect().to_string());
  }
  return findings;
}

Result<std::vector<std::string>> Enforcer::repair() {
  auto actual = transport_.dump(settings_.table);
  if (!actual) return actual.error();
  leave_out_guard(*actual);
  RulesetDifference difference = compare_rulesets(desired_, *actual);
  if (difference.batch.empty()) return std::move(difference.findings);
  if (auto status = transport_.apply(difference.batch); !status) return status.error();
  if (auto status = forget_admitted(transport_, settings_.table); !status) return status.error();
  return std::move(difference.findings);
}

Result<std::vector<RuleCounter>> Enforcer::counters() {
  auto actual = transport_.dump(settings_.table);
  if (!actual) return actual.error();
  std::map<std::string, RuleCounter> sums;
  for (const NftTable& table : actual->tables) {
    for (const NftChain& chain : table.chains) {
      for (const NftRule& rule : chain.rules) {
        if (rule.comment.empty() || rule.comment.ends_with(" log")) continue;
        const bool counts = std::any_of(rule.expressions.begin(), rule.expressions.end(),
                                        [](const auto& e) { return std::holds_alternative<ExprCounter>(e); });
        if (!counts) continue;
        RuleCounter& sum = sums[rule.comment];
        sum.audit = rule.comment.ends_with(" audit");
        sum.rule = sum.audit ? rule.comment.substr(0, rule.comment.size() - 6) : rule.comment;
        const ExprCounter counter = rule.counter();
        sum.packets += counter.packets;
        sum.bytes += counter.bytes;
      }
    }
  }
  std::vector<RuleCounter> out;
  out.reserve(sums.size());
  for (auto& [key, sum] : sums) out.push_back(std::move(sum));
  return out;
}

Result<std::string> Enforcer::dump() {
  auto actual = transport_.dump(settings_.table);
  if (!actual) return actual.error();
  return print_ruleset(*actual);
}

Result<std::size_t> Enforcer::recover(NftTransport& transport, const std::string& table) {
  auto actual = transport.dump(table);
  if (!actual) return actual.error();
  NftBatch batch;
  for (const NftTable& entry : actual->tables) {
    NftCommand command;
    command.op = NftOp::kDeleteTable;
    command.family = entry.family;
    command.table = entry.name;
    batch.push_back(std::move(command));
  }
  if (auto status = transport.apply(batch); !status) return status.error();
  return batch.size();
}

}  // namespace bulkhead::rules
