// The smallest edit of the policies after which a flow gets the other verdict.
//
// How      edits are tried on a copy of the model, compiled and judged: what is proposed has been verified to flip
//          this flow. Fewest lines first; among those, the one that changes fewest other flows between workloads
//          on the same protocol and port.
// Edits    one rule more (for exactly these two ends and this port), one rule less, or one policy more. A flow that
//          both ends refuse takes one for each.
// Thread   control thread. Cost  a compilation and a matrix of workload pairs for each edit that is tried.
// Limits   kMaxEdits in a row; the matrix looks at the first kMatrixWorkloads workloads.
// Tests    tests/unit/rules/classify/edit_search_test.cpp
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/classify/classifier.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMaxEdits = 4;
inline constexpr std::size_t kMatrixWorkloads = 300;

struct ProposedEdit {
  std::string where;  // "db.yaml:7, above this rule"; "new document"
  std::string text;   // the line or lines to add; of a deletion, the rule that goes
  bool deletes = false;
  unsigned lines = 1;
};

struct EditProposal {
  std::vector<ProposedEdit> edits;  // to be made together
  std::size_t other_flows = 0;      // pairs of workloads whose verdict changes as well
  PolicyModel model;                // with the edits made

  [[nodiscard]] std::string to_string() const;
};

// nullopt: no edit of these kinds flips it (traffic that is never judged, neither end a workload).
[[nodiscard]] std::optional<EditProposal> smallest_edit(const PolicyTable& table, const FlowQuery& query);

}  // namespace bulkhead::rules
