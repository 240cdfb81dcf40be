// Loads everything that operators can change while the daemon runs - signatures, policies, inventory -
// into one immutable generation. All errors of all files are reported in one go.
//
// Thread   control thread (a reload runs beside the workers).
// In       EngineSettings. Out  a Generation, or none when something does not load and must (see Fatal).
// Fatal    policies and inventory with errors never load; signatures with errors are left out one by one
//          unless SignatureSettings::failure_is_fatal.
// Tests    tests/golden/ (through replay), tests/unit/config/daemon/generation_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "config/load/engine_settings.h"
#include "datapath/base/diagnostic.h"
#include "datapath/pipeline/snapshot.h"

namespace bulkhead::signatures {
class DatasetRegistry;
class SignatureDb;
struct SharedState;
}  // namespace bulkhead::signatures
namespace bulkhead::patches {
class PatchBook;
class OverlayFactory;
}  // namespace bulkhead::patches
namespace bulkhead::pipeline {
class InspectorFactory;
}
namespace bulkhead::rules {
class Inventory;
class PolicyTable;
struct Discovered;
struct PolicyModel;
}  // namespace bulkhead::rules

namespace bulkhead::config {

struct LoadSummary {
  std::size_t rules_read = 0;  // rules in the files, without comments
  std::size_t rules_loaded = 0;
  std::size_t rules_refused = 0;
  std::size_t rules_taken_over = 0;  // unchanged since the generation before
  std::size_t policies = 0;
  std::size_t workloads = 0;
  std::chrono::duration<double> time{0};
};

struct Generation {
  pipeline::SnapshotPtr snapshot;
  std::shared_ptr<const signatures::SignatureDb> signatures;  // null: no signature files
  std::shared_ptr<const rules::PolicyTable> policy;           // null: no policy files
  std::shared_ptr<signatures::DatasetRegistry> datasets;      // null: no signature files
  // What the table was compiled from, for with_workloads(); null when there is no table.
  std::shared_ptr<const rules::PolicyModel> model;
  std::shared_ptr<const rules::Inventory> base, inventory;       // of the file; with what was discovered
  std::shared_ptr<const patches::PatchBook> patch_book;          // null: no reports of images
  std::shared_ptr<const patches::OverlayFactory> patch_overlay;  // null: no reports, or no signatures
  std::set<std::pair<std::uint32_t, std::uint32_t>> enabled;     // gid, sid of rules that are on for its sake alone
  patches::PatchSettings patch_settings;
  bool inline_workers = false;  // some worker holds verdicts: copies are left to it
  LoadSummary summary;
};

// What rules share between flows and keep over reloads: thresholds, host bits.
[[nodiscard]] std::shared_ptr<signatures::SharedState> make_shared_state();

// Writes the sets that rules fill to their files; what fails is logged.
void save_datasets(const Generation& generation);

[[nodiscard]] std::optional<Generation> load_generation(
    const EngineSettings& settings, std::uint32_t number, Diagnostics& diagnostics,
    const std::shared_ptr<signatures::SharedState>& state = make_shared_state(),
    const rules::Discovered* discovered = nullptr);

// The same signatures with the policies as they are now, of the files and of the cluster; none with errors.
[[nodiscard]] std::optional<Generation> with_policies(const Generation& current, const PolicySettings& settings,
                                                      const rules::Discovered& discovered, std::uint32_t number,
                                                      Diagnostics& diagnostics);

// The inventory of the file and what was discovered beside it (null: nothing is followed).
[[nodiscard]] std::shared_ptr<const rules::Inventory> merged_inventory(
    const std::shared_ptr<const rules::Inventory>& base, const rules::Discovered* discovered, Diagnostics& diagnostics);

// The generation for other workloads: the same policies, compiled for them. Signatures are not touched.
[[nodiscard]] std::optional<Generation> with_workloads(const Generation& current,
                                                       std::shared_ptr<const rules::Inventory> base,
                                                       std::shared_ptr<const rules::Inventory> inventory,
                                                       std::uint32_t number, Diagnostics& diagnostics);

// Denies the metadata services in a tier behind `security` (the first one where there is none of that name).
void add_metadata_guard(rules::PolicyModel& model, const std::vector<IpPrefix>& services);

}  // namespace bulkhead::config
