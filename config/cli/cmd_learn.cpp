// bulkhead learn: a policy proposed from captures or from what passes now.
#include <cstdio>

#include "config/cli/capture_edges.h"
#include "config/cli/commands.h"
#include "config/cli/policy_input.h"

namespace bulkhead::config::cli {

int cmd_learn(const LearnOptions& options) {
  const rules::InventoryPtr inventory = load_inventory_or_print(options.inventory, false);
  if (inventory == nullptr) return kExitBadInput;
  const auto edges = options.interfaces.empty() ? edges_of_captures(options.pcap_files)
                                                : edges_of_interfaces(options.interfaces, options.duration);
  if (!edges) return kExitBadInput;
  const rules::Learned learned = rules::learn_policies(*inventory, *edges, options.settings);
  std::fputs(learned.to_yaml().c_str(), stdout);
  std::size_t suspicious = 0, rules = 0;
  for (const rules::LeftOut& edge : learned.left_out) suspicious += edge.suspicious;
  for (const rules::LearnedPolicy& policy : learned.policies) rules += policy.ingress.size() + policy.egress.size();
  std::fprintf(stderr, "%zu policies with %zu rules; left out: %zu suspicious, %zu thin\n", learned.policies.size(),
               rules, suspicious, learned.left_out.size() - suspicious);
  return learned.policies.empty() ? kExitFailed : kExitFine;
}

}  // namespace bulkhead::config::cli
