// bulkhead whatif: flows of a capture that a change of policies would deny or allow.
#include <cstdio>

#include "config/cli/capture_edges.h"
#include "config/cli/commands.h"
#include "config/cli/policy_input.h"
#include "rules/classify/whatif.h"

namespace bulkhead::config::cli {

int cmd_whatif(const WhatifOptions& options) {
  const auto old_files = policy_files(options.before);
  const auto new_files = policy_files(options.now);
  if (!old_files || !new_files) return kExitBadInput;
  const rules::InventoryPtr inventory = load_inventory_or_print(options.inventory, true);
  if (inventory == nullptr) return kExitBadInput;
  const rules::PolicyTablePtr before = compile_or_print(*old_files, inventory, true);
  const rules::PolicyTablePtr now = compile_or_print(*new_files, inventory, false);
  if (before == nullptr || now == nullptr) return kExitBadInput;
  const auto edges = edges_of_captures(options.pcap_files);
  if (!edges) return kExitBadInput;
  const rules::WhatIf result = rules::compare(rules::Classifier(before), rules::Classifier(now), *edges);
  std::fputs(result.to_string(*now).c_str(), stdout);
  const bool differs = result.newly_denied != 0 || (result.newly_allowed != 0 && !options.denied_only);
  return differs ? kExitFailed : kExitFine;
}

}  // namespace bulkhead::config::cli
