#include "rules/compile/policy_lint.h"

#include <algorithm>
#include <set>
#include <string>

namespace bulkhead::rules {
namespace {

// What was seen of a rule over all programs that it stands in.
struct Seen {
  bool asked = false;             // somewhere
  bool decides = false;           // somewhere, for some flow
  bool has_peers = false;         // somewhere
  std::set<std::uint32_t> above;  // rules that took its flows
};

bool covers(const std::vector<PortMatch>& above, const std::vector<PortMatch>& below) {
  if (above.empty()) return true;
  if (below.empty()) return false;
  return std::all_of(below.begin(), below.end(), [&](const PortMatch& b) {
    return std::any_of(above.begin(), above.end(), [&](const PortMatch& a) {
      return a.protocol == b.protocol && a.first <= b.first && b.last <= a.last;
    });
  });
}

class PolicyLint {
 public:
  PolicyLint(const PolicyTable& table, Diagnostics& out) : table_(table), out_(out), seen_(table.rules().size()) {}

  void run() {
    for (const Program& program : table_.programs()) {
      for (std::uint32_t at = 0; at < program.steps.size(); ++at) look_at(program, at);
    }
    for (std::size_t rule = 0; rule < seen_.size(); ++rule) report(table_.rules()[rule], seen_[rule]);
    for (const Policy& policy : table_.model().policies) report(policy);
  }

 private:
  // Whether flows that match the step at `above` never come to the one at `at`.
  [[nodiscard]] bool ends_before(const Program& program, std::uint32_t above, std::uint32_t at) const {
    const Step& step = program.steps[above];
    const Step& below = program.steps[at];
    // An audit policy goes on behind itself, a pass behind its tier: only what stands between is passed over.
    if (step.audit) return below.audit && at < step.skip_to;
    if (step.action == Action::kPass) return at < step.skip_to;
    return true;
  }

  void look_at(const Program& program, std::uint32_t at) {
    const Step& step = program.steps[at];
    if (table_.rules()[step.rule].role != TableRule::Role::kWritten) return;
    Seen& seen = seen_[step.rule];
    seen.asked = true;
    const TableMatch& match = table_.matches()[step.match];
    if (match.peers.empty()) return;
    seen.has_peers = true;
    if (seen.decides) return;
    AddressSet rest = match.peers;
    for (std::uint32_t above = 0; above < at && !rest.empty(); ++above) {
      const TableMatch& taken = table_.matches()[program.steps[above].match];
      if (program.steps[above].rule == step.rule || taken.peers.empty() || !ends_before(program, above, at) ||
          !covers(taken.ports, match.ports)) {
        continue;
      }
      AddressSet left = rest.without(taken.peers);
      if (left == rest) continue;
      seen.above.insert(program.steps[above].rule);
      rest = std::move(left);
    }
    seen.decides = !rest.empty();
  }

  void report(const TableRule& rule, const Seen& seen) {
    if (!seen.asked || seen.decides) return;
    if (!seen.has_peers) {
      out_.warning(rule.span, "lint.policy.no_peer", rule.key + ": its peers are nobody now",
                   "a selector that is misspelt, or workloads that are not there yet");
      return;
    }
    std::string above;
    for (const std::uint32_t other : seen.above) {
      const TableRule& taker = table_.rules()[other];
      if (!above.empty()) above += ", ";
      above += taker.key + (taker.place().empty() ? "" : " (" + taker.place() + ")");
    }
    out_.warning(rule.span, "lint.policy.shadowed",
                 rule.key + ": never decides; what stands above takes all of it: " + above,
                 "move it up, or take it out");
  }

  void report(const Policy& policy) {
    if (policy.ingress.empty() && policy.egress.empty()) return;
    if (policy.expires &&
        *policy.expires <= std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())) {
      return;
    }
    const auto& rules = table_.rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].policy == policy.name && seen_[i].asked) return;
    }
    out_.warning(policy.span, "lint.policy.guards_nobody", policy.name + ": selects no workload now",
                 "a label that is misspelt, or workloads that are not there yet");
  }

  const PolicyTable& table_;
  Diagnostics& out_;
  std::vector<Seen> seen_;  // by index of the rule
};

}  // namespace

void lint_policies(const PolicyTable& table, Diagnostics& out) {
  PolicyLint(table, out).run();
}

}  // namespace bulkhead::rules
