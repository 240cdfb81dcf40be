// Judges a new flow in user space, from the same policy table as the kernel.
//
// Speed    per program and protocol the port ranges are cut into disjoint intervals, each with its list
//          of candidate steps; a verdict is two address lookups, two binary searches, then one binary
//          search per candidate. classify() does not allocate, lock or throw.
// Thread   immutable after construction: one Classifier is shared by all workers.
// Tests    tests/unit/rules/classify/classifier_test.cpp (against plain_verdict() on random flows)
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rules/compile/policy_table.h"

namespace bulkhead::rules {

struct Decision {
  static constexpr std::size_t kMaxAudit = 4;

  Action action = Action::kAllow;     // kAllow, kDeny or kReject
  std::uint32_t rule = kNone;         // the one that denied; when allowed, the last that said allow
  std::uint32_t egress_rule = kNone;  // deciding rule at each end; kNone: open
  std::uint32_t ingress_rule = kNone;
  // Rules of audit policies that matched on the way; those beyond kMaxAudit are left out.
  std::array<std::uint32_t, kMaxAudit> audit{};
  std::uint8_t audit_count = 0;

  [[nodiscard]] bool allowed() const { return action == Action::kAllow; }
  bool operator==(const Decision&) const = default;
};

class Classifier {
 public:
  explicit Classifier(PolicyTablePtr table);
  [[nodiscard]] Decision classify(const FlowQuery& query) const;
  [[nodiscard]] const PolicyTable& table() const { return *table_; }
  [[nodiscard]] const PolicyTablePtr& table_ptr() const { return table_; }

 private:
  // Candidate steps for the keys from `first` up to the next interval.
  struct Interval {
    std::uint16_t first = 0;
    std::uint32_t begin = 0;  // in candidates_
    std::uint32_t end = 0;
  };
  struct Lane {
    std::uint32_t begin = 0;  // in intervals_
    std::uint32_t end = 0;
  };
  struct CompiledProgram {
    std::array<std::uint16_t, 256> lane_of{};  // protocol to lane; 0: steps that ask for no port
    std::vector<Lane> lanes;
  };
  // Puts the verdict of one end into the decision; false: the flow ends here.
  bool judge(std::uint32_t program, FlowEnd end, const FlowQuery& query, Decision& decision) const;
  void compile_program(const Program& program);
  void add_lane(const Program& program, int protocol, CompiledProgram& out);

  PolicyTablePtr table_;
  std::vector<CompiledProgram> programs_;
  std::vector<Interval> intervals_;
  std::vector<std::uint32_t> candidates_;
};

}  // namespace bulkhead::rules
