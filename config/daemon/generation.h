// Loads everything that operators can change while the daemon runs - signatures, policies, inventory -
// into one immutable generation. All errors of all files are reported in one go.
//
// Thread   control thread (a reload runs beside the workers).
// In       EngineSettings. Out  a Generation, or none when something does not load and must (see Fatal).
// Fatal    policies and inventory with errors never load; signatures with errors are left out one by one
//          unless SignatureSettings::failure_is_fatal.
// Tests    tests/golden/ (through replay)
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "config/load/engine_settings.h"
#include "datapath/base/diagnostic.h"
#include "datapath/pipeline/snapshot.h"

namespace bulkhead::signatures {
class DatasetRegistry;
class SignatureDb;
struct SharedState;
}  // namespace bulkhead::signatures
namespace bulkhead::rules {
class PolicyTable;
}

namespace bulkhead::config {

struct LoadSummary {
  std::size_t rules_read = 0;  // rules in the files, without comments
  std::size_t rules_loaded = 0;
  std::size_t rules_refused = 0;
  std::size_t policies = 0;
  std::size_t workloads = 0;
  std::chrono::duration<double> time{0};
};

struct Generation {
  pipeline::SnapshotPtr snapshot;
  std::shared_ptr<const signatures::SignatureDb> signatures;  // null: no signature files
  std::shared_ptr<const rules::PolicyTable> policy;           // null: no policy files
  std::shared_ptr<signatures::DatasetRegistry> datasets;      // null: no signature files
  LoadSummary summary;
};

// What rules share between flows and keep over reloads: thresholds, host bits.
[[nodiscard]] std::shared_ptr<signatures::SharedState> make_shared_state();

// Writes the sets that rules fill to their files; what fails is logged.
void save_datasets(const Generation& generation);

[[nodiscard]] std::optional<Generation> load_generation(
    const EngineSettings& settings, std::uint32_t number, Diagnostics& diagnostics,
    const std::shared_ptr<signatures::SharedState>& state = make_shared_state());

}  // namespace bulkhead::config
