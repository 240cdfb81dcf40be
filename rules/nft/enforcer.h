// Keeps the kernel's ruleset equal to the policy table: desired against actual, one transaction.
//
// Thread   control thread; owns no socket, the transport is borrowed.
// Errors   the environment lane; a refused load changes nothing.
// Limits   load() reads the live ruleset back first, so that a restart repairs what it finds.
// Tests    tests/unit/rules/nft/enforcer_test.cpp (fake), tests/netns/policy_netns_test.cpp (kernel)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rules/nft/nft_renderer.h"
#include "rules/nft/nft_transport.h"
#include "rules/nft/ruleset_diff.h"

namespace bulkhead::rules {

struct LoadReport {
  EnforcementMode mode;
  std::size_t changes = 0;  // commands of the transaction; 0: the kernel was right already
  std::size_t chains = 0, rules = 0, sets = 0, elements = 0;  // of the desired ruleset
};

struct RuleCounter {
  std::string rule;  // "payments/ingress/2", "guard/source", "block4-flow"
  bool audit = false;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

class Enforcer {
 public:
  explicit Enforcer(NftTransport& transport, NftSettings settings = {})
      : transport_(transport), settings_(std::move(settings)) {}

  // Loads the table (null: blocks only) in the mode of this network namespace, then verifies.
  [[nodiscard]] Result<LoadReport> load(const PolicyTablePtr& table);
  [[nodiscard]] Result<LoadReport> load(const PolicyTablePtr& table, const EnforcementMode& mode);
  // Differences between the kernel and what was loaded last; empty: proved equal.
  [[nodiscard]] Result<std::vector<std::string>> verify();
  // Makes the kernel hold again what was loaded last; the differences that it found.
  [[nodiscard]] Result<std::vector<std::string>> repair();
  // Counters by rule, summed over families and variants.
  [[nodiscard]] Result<std::vector<RuleCounter>> counters();
  // The live ruleset as text.
  [[nodiscard]] Result<std::string> dump();
  [[nodiscard]] const EnforcementMode& mode() const { return mode_; }
  [[nodiscard]] const NftSettings& settings() const { return settings_; }
  // What the kernel shall hold.
  [[nodiscard]] const NftRuleset& desired() const { return desired_; }
  // A part of it changes: one transaction; `commit` makes the same change in what is desired.
  [[nodiscard]] Status amend(const NftBatch& batch, const std::function<void(NftRuleset&)>& commit);
  // Called in load() once the transaction is in force, before the proof: what must not wait for it.
  void on_commit(std::function<void()> call) { on_commit_ = std::move(call); }
  // For the next load.
  void use(NftSettings settings) { settings_ = std::move(settings); }

  // Deletes the table in every family; nothing there is no error. Answers how many were deleted.
  [[nodiscard]] static Result<std::size_t> recover(NftTransport& transport, const std::string& table = "bulkhead");

 private:
  // The first rule that the ruleset cannot express; nullopt: all can be.
  [[nodiscard]] std::optional<Error> unenforceable(const PolicyTable& table, const EnforcementMode& mode) const;

  NftTransport& transport_;
  NftSettings settings_;
  EnforcementMode mode_;
  bool mode_detected_ = false;
  NftRuleset desired_;
  std::function<void()> on_commit_;
};

}  // namespace bulkhead::rules
