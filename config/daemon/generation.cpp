#include "config/daemon/generation.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "config/load/signature_loader.h"
#include "rules/classify/policy_inspector.h"
#include "rules/compile/policy_compiler.h"
#include "signatures/match/signature_inspector.h"

namespace bulkhead::config {

namespace {

// The policy table, or null when no policy is given. Errors go to the diagnostics.
rules::PolicyTablePtr load_policy(const PolicySettings& settings, LoadSummary& summary, Diagnostics& diagnostics) {
  if (settings.files.empty() && settings.inventory.empty()) return nullptr;
  auto inventory = settings.inventory.empty() ? std::make_shared<rules::Inventory>()
                                              : load_inventory_file(settings.inventory, diagnostics);
  const rules::PolicyModel model = load_policy_files(settings.files, diagnostics);
  if (inventory == nullptr || diagnostics.has_errors()) return nullptr;
  summary.policies = model.policies.size();
  auto table = rules::compile_policies(model, std::move(inventory), diagnostics);
  if (table != nullptr) summary.workloads = table->workloads().size();
  return table;
}

}  // namespace

std::shared_ptr<signatures::SharedState> make_shared_state() {
  return std::make_shared<signatures::SharedState>();
}

void save_datasets(const Generation& generation) {
  if (!generation.datasets) return;
  for (const Error& error : generation.datasets->save())
    spdlog::error("a dataset was not saved: {}", error.to_string());
}

std::optional<Generation> load_generation(const EngineSettings& settings, std::uint32_t number,
                                          Diagnostics& diagnostics,
                                          const std::shared_ptr<signatures::SharedState>& state) {
  const auto begin = std::chrono::steady_clock::now();
  Generation out;
  Diagnostics of_policy;
  out.policy = load_policy(settings.policy, out.summary, of_policy);
  diagnostics.append(of_policy);
  auto snapshot = std::make_shared<pipeline::Snapshot>();
  snapshot->generation = number;
  if (out.policy != nullptr) {
    snapshot->inspectors.push_back(std::make_shared<rules::PolicyInspectorFactory>(out.policy));
  }
  bool signatures_failed = false;
  if (!settings.signatures.files.empty()) {
    if (!state->datasets) {
      state->datasets = std::make_shared<signatures::DatasetRegistry>(settings.signatures.data_dir);
    }
    auto loaded = load_signatures(settings.signatures, diagnostics, nullptr, state->datasets.get());
    if (loaded) {
      out.datasets = state->datasets;
      out.signatures = loaded->db;
      out.summary.rules_read = loaded->counts.rules;
      out.summary.rules_loaded = loaded->counts.loaded;
      out.summary.rules_refused = loaded->counts.refused;
      signatures::MatchSettings match;
      match.packet_alert_max = settings.signatures.packet_alert_max;
      snapshot->inspectors.push_back(std::make_shared<signatures::SignatureFactory>(loaded->db, match, state));
    } else {
      signatures_failed = true;
    }
  }
  if (of_policy.has_errors() || signatures_failed) return std::nullopt;
  out.snapshot = std::move(snapshot);
  out.summary.time = std::chrono::steady_clock::now() - begin;
  return out;
}

}  // namespace bulkhead::config
