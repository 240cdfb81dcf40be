#include "config/daemon/generation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "config/load/inventory_yaml.h"
#include "config/load/patch_report.h"
#include "config/load/policy_yaml.h"
#include "config/load/signature_loader.h"
#include "datapath/base/allocator.h"
#include "rules/classify/policy_inspector.h"
#include "rules/compile/policy_compiler.h"
#include "rules/discovery/discovery.h"
#include "signatures/match/signature_inspector.h"
#include "signatures/patches/overlay_inspector.h"

namespace bulkhead::config {

namespace {

// The table of out.model for out.inventory; null with errors.
void compile(Generation& out, Diagnostics& diagnostics) {
  out.policy = rules::compile_policies(*out.model, out.inventory, diagnostics);
  if (out.policy != nullptr) out.summary.workloads = out.policy->workloads().size();
}

// The policy table, or null when no policy is given. Errors go to the diagnostics.
void load_policy(const PolicySettings& settings, const rules::Discovered* discovered, Generation& out,
                 Diagnostics& diagnostics) {
  if (settings.files.empty() && settings.inventory.empty() && discovered == nullptr) return;
  out.base = settings.inventory.empty() ? std::make_shared<rules::Inventory>()
                                        : load_inventory_file(settings.inventory, diagnostics);
  std::vector<NamedText> of_cluster;
  for (const auto& each : discovered == nullptr ? std::vector<rules::ClusterManifest>() : discovered->manifests)
    of_cluster.push_back({each.name, each.text});
  auto model = std::make_shared<rules::PolicyModel>(load_policy_files(settings.files, diagnostics, of_cluster));
  if (out.base == nullptr || diagnostics.has_errors()) return;
  out.summary.policies = model->policies.size();
  add_metadata_guard(*model, settings.metadata);
  out.model = std::move(model);
  out.inventory = merged_inventory(out.base, discovered, diagnostics);
  compile(out, diagnostics);
}

// The overlay for the workloads of out.inventory.
std::shared_ptr<const patches::OverlayFactory> make_overlay(const Generation& out) {
  const auto workloads = out.inventory == nullptr ? std::vector<patches::PatchedWorkload>() : patched(*out.inventory);
  return std::make_shared<patches::OverlayFactory>(std::make_shared<const patches::Overlay>(
      out.patch_book, out.signatures, out.enabled, workloads, out.patch_settings));
}

// For other workloads: the same place among the inspectors.
void renew_overlay(Generation& out, pipeline::Snapshot& snapshot) {
  if (out.patch_overlay == nullptr) return;
  const auto place = std::find(snapshot.inspectors.begin(), snapshot.inspectors.end(), out.patch_overlay);
  out.patch_overlay = make_overlay(out);
  if (place != snapshot.inspectors.end()) *place = out.patch_overlay;
}

// The snapshot of `current` with the policy of `out`, whose inspector is the first where there is a policy.
void renew_snapshot(const Generation& current, std::uint32_t number, Generation& out) {
  auto snapshot = std::make_shared<pipeline::Snapshot>(*current.snapshot);
  snapshot->generation = number;
  auto inspector = std::make_shared<rules::PolicyInspectorFactory>(out.policy, out.inline_workers);
  if (current.policy != nullptr) {
    snapshot->inspectors.front() = std::move(inspector);
  } else {
    snapshot->inspectors.insert(snapshot->inspectors.begin(), std::move(inspector));
  }
  renew_overlay(out, *snapshot);
  out.snapshot = std::move(snapshot);
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
                                          const std::shared_ptr<signatures::SharedState>& state,
                                          const rules::Discovered* discovered) {
  const auto begin = std::chrono::steady_clock::now();
  Generation out;
  Diagnostics of_policy;
  load_policy(settings.policy, discovered, out, of_policy);
  diagnostics.append(of_policy);
  auto snapshot = std::make_shared<pipeline::Snapshot>();
  snapshot->generation = number;
  if (out.policy != nullptr) {
    out.inline_workers = settings.pcap_files.empty() && settings.inline_queue.enabled();
    snapshot->inspectors.push_back(std::make_shared<rules::PolicyInspectorFactory>(out.policy, out.inline_workers));
  }
  bool signatures_failed = false;
  if (!settings.signatures.files.empty()) {
    if (!state->datasets) {
      state->datasets = std::make_shared<signatures::DatasetRegistry>(settings.signatures.data_dir);
    }
    out.patch_settings = settings.patches;
    if (!settings.patches.reports.empty()) out.patch_book = patches::load_patch_book(settings.patches, diagnostics);
    const std::set<std::string> wanted = wanted_cves(out.patch_book.get(), settings.patches);
    const SignatureReload reload{state->last_loaded.lock()};
    auto loaded = load_signatures(settings.signatures, diagnostics, nullptr, state->datasets.get(), &wanted,
                                  settings.pcap_files.empty() ? &reload : nullptr);
    if (loaded) {
      state->last_loaded = loaded->db;
      out.datasets = state->datasets;
      out.signatures = loaded->db;
      out.summary.rules_read = loaded->counts.rules;
      out.summary.rules_loaded = loaded->counts.loaded;
      out.summary.rules_refused = loaded->counts.refused;
      out.summary.rules_taken_over = loaded->counts.taken_over;
      signatures::MatchSettings match;
      match.packet_alert_max = settings.signatures.packet_alert_max;
      match.stream_chunk = settings.signatures.stream_chunk;
      snapshot->inspectors.push_back(std::make_shared<signatures::SignatureFactory>(loaded->db, match, state));
      if (out.patch_book != nullptr) {
        out.enabled = std::move(loaded->enabled);
        out.patch_overlay = make_overlay(out);
        snapshot->inspectors.push_back(out.patch_overlay);
      }
    } else {
      signatures_failed = true;
    }
  }
  if (of_policy.has_errors() || signatures_failed) return std::nullopt;
  out.snapshot = std::move(snapshot);
  give_back_memory();  // what reading the rules took is half of what they take
  out.summary.time = std::chrono::steady_clock::now() - begin;
  return out;
}

std::shared_ptr<const rules::Inventory> merged_inventory(const std::shared_ptr<const rules::Inventory>& base,
                                                         const rules::Discovered* discovered,
                                                         Diagnostics& diagnostics) {
  if (discovered == nullptr) return base;
  std::vector<std::string> contradictions;
  auto out = rules::with_discovered(*base, *discovered, contradictions);
  for (const std::string& text : contradictions) {
    diagnostics.warning({}, "inventory.contradiction", text, "what was discovered there is left out");
  }
  return out;
}

std::optional<Generation> with_workloads(const Generation& current, std::shared_ptr<const rules::Inventory> base,
                                         std::shared_ptr<const rules::Inventory> inventory, std::uint32_t number,
                                         Diagnostics& diagnostics) {
  if (current.model == nullptr) return std::nullopt;
  Generation out = current;
  out.base = std::move(base);
  out.inventory = std::move(inventory);
  compile(out, diagnostics);
  if (out.policy == nullptr || diagnostics.has_errors()) return std::nullopt;
  renew_snapshot(current, number, out);
  return out;
}

std::optional<Generation> with_policies(const Generation& current, const PolicySettings& settings,
                                        const rules::Discovered& discovered, std::uint32_t number,
                                        Diagnostics& diagnostics) {
  Generation out = current;
  load_policy(settings, &discovered, out, diagnostics);
  if (out.policy == nullptr || diagnostics.has_errors()) return std::nullopt;
  renew_snapshot(current, number, out);
  return out;
}

void add_metadata_guard(rules::PolicyModel& model, const std::vector<IpPrefix>& services) {
  constexpr const char* kName = "metadata-guard";
  if (services.empty() || model.tier_index(kName)) return;
  rules::Policy policy;
  policy.name = policy.tier = kName;
  rules::PolicyRule rule;
  rule.end = rules::FlowEnd::kEgress;
  rule.action = rules::Action::kDeny;
  for (const IpPrefix& service : services) {
    rules::Peer peer;
    peer.kind = rules::Peer::Kind::kCidr;
    peer.cidr = service;
    rule.peers.push_back(std::move(peer));
  }
  policy.egress.push_back(std::move(rule));
  rules::Tier tier;
  tier.name = kName;
  const auto security = model.tier_index("security");
  model.tiers.insert(model.tiers.begin() + static_cast<std::ptrdiff_t>(security ? *security + 1 : 0), std::move(tier));
  model.policies.push_back(std::move(policy));
}

}  // namespace bulkhead::config
