// Who is limited for how it was started: an incident's actor, or a container for as long as it runs so.
//
//   incident (severity after posture) --+-- findings that count --> evidence for ResponseLadder::limit()
//   inventory --------------------------`-- findings of `always`  --> the list that is limited without an incident
//
// Thread   pure functions.
// Rules    an incident limits only the workload that stands at one end of its last evidence and is its actor; what
//          could be forged is judged by the ladder. What the container engine says of a container nobody can forge.
// Tests    tests/unit/config/daemon/auto_limit_test.cpp
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/daemon/block_thread.h"
#include "config/load/engine_settings.h"
#include "rules/discovery/inventory.h"
#include "signatures/behaviour/incident.h"

namespace bulkhead::config {

// An incident with its severity after posture, who its actor is, and every finding about how that was started.
struct PostureCase {
  behaviour::Incident incident;
  std::string actor;  // owner_of() of a workload
  std::vector<std::string> findings;
};

// Nothing: the settings do not ask for it, or the actor stands at no end of the evidence.
[[nodiscard]] std::optional<rules::ResponseEvidence> limit_evidence(const AutoLimitSettings& settings,
                                                                    const PostureCase& about,
                                                                    const rules::Inventory& inventory);
[[nodiscard]] std::vector<BlockThread::Standing> standing_limits(const AutoLimitSettings& settings,
                                                                 const rules::Inventory& inventory);

}  // namespace bulkhead::config
