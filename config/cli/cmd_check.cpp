// bulkhead check: every error of every file, and what would load.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "config/load/signature_loader.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::config::cli {

namespace {

using Align = Table::Align;

struct Findings {
  Diagnostics config, inventory, policies, signatures;
  SignatureCounts rules;
  bool has_rules = false, has_policies = false, has_inventory = false;
  std::size_t policy_count = 0, policy_rules = 0, workloads = 0;

  [[nodiscard]] std::size_t errors() const {
    return config.error_count() + inventory.error_count() + policies.error_count() + signatures.error_count();
  }
};

void check_policies(const PolicySettings& settings, Findings& found) {
  rules::InventoryPtr inventory = std::make_shared<rules::Inventory>();
  if (!settings.inventory.empty()) {
    found.has_inventory = true;
    inventory = load_inventory_file(settings.inventory, found.inventory);
    found.workloads = inventory->workloads().size();
  }
  if (settings.files.empty()) return;
  found.has_policies = true;
  const rules::PolicyModel model = load_policy_files(settings.files, found.policies);
  found.policy_count = model.policies.size();
  if (found.inventory.has_errors() || found.policies.has_errors()) return;  // half a model has errors of its own
  if (const auto table = rules::compile_policies(model, inventory, found.policies)) {
    found.policy_rules = table->rules().size();
  }
}

std::string verdict_word(std::size_t errors, std::size_t warnings, const Terminal& terminal) {
  const auto count = [](std::size_t n, const char* word) { return with_commas(n) + " " + word + (n == 1 ? "" : "s"); };
  std::string out = errors != 0 ? terminal.red(count(errors, "error")) : terminal.green("fine");
  if (warnings != 0) out += ", " + terminal.yellow(count(warnings, "warning"));
  return out;
}

std::string summary(const Findings& found, const CheckOptions& options, const Terminal& terminal) {
  Table table({Align::kLeft, Align::kRight, Align::kLeft, Align::kLeft});
  const auto state = [&](const Diagnostics& d) { return verdict_word(d.error_count(), d.warning_count(), terminal); };
  table.add({"settings", "", options.request.file.empty() ? "defaults" : options.request.file, state(found.config)});
  if (found.has_inventory) {
    table.add({"inventory", with_commas(found.workloads), found.workloads == 1 ? "workload" : "workloads",
               state(found.inventory)});
  }
  if (found.has_policies) {
    const std::string word = found.policy_count == 1 ? "policy" : "policies";
    const std::string rules = with_commas(found.policy_rules) + (found.policy_rules == 1 ? " rule" : " rules");
    table.add({"policies", with_commas(found.policy_count), found.policy_rules == 0 ? word : word + ", " + rules,
               state(found.policies)});
  }
  if (found.has_rules) {
    const SignatureCounts& rules = found.rules;
    table.add({"signatures", with_commas(rules.rules), rules.rules == 1 ? "rule read" : "rules read",
               state(found.signatures)});
    table.add({"", with_commas(rules.loaded), "loaded", ""});
    if (rules.refused != 0) table.add({"", with_commas(rules.refused), "refused", ""});
    if (rules.replaced != 0) table.add({"", with_commas(rules.replaced), "replaced by newer revisions", ""});
    if (rules.skipped != 0) table.add({"", with_commas(rules.skipped), "left out: they require another engine", ""});
    if (rules.disabled != 0) table.add({"", with_commas(rules.disabled), "commented out", ""});
  }
  std::string out = table.text(0);
  if (found.rules.refused == 0) return out;
  Table reasons({Align::kRight, Align::kLeft});
  std::vector<std::pair<std::size_t, std::string>> rows;
  for (const auto& [code, count] : found.rules.reasons) rows.emplace_back(count, code);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.first > b.first || (a.first == b.first && a.second < b.second);
  });
  for (const auto& [count, code] : rows) reasons.add({with_commas(count), code});
  return out + "\n" + terminal.bold("Refused rules by reason") + "\n" + reasons.text();
}

}  // namespace

int cmd_check(const CheckOptions& options) {
  Findings found;
  const LoadedConfig config = load_config(options.request, found.config);
  check_policies(config.settings.policy, found);
  if (!config.settings.signatures.files.empty()) {
    found.has_rules = true;
    SignatureSettings settings = config.settings.signatures;
    settings.failure_is_fatal = false;  // read on: all errors are wanted
    (void)load_signatures(settings, found.signatures, &found.rules);
  }
  if (!options.quiet) {
    const Terminal errors = Terminal::of(STDERR_FILENO);
    const std::size_t cap = options.all ? 0 : kShownPerReason;
    for (const Diagnostics* d : {&found.config, &found.inventory, &found.policies, &found.signatures}) {
      std::fputs(format_diagnostics(*d, cap, errors).c_str(), stderr);
    }
    std::fflush(stderr);
    std::fputs(summary(found, options, Terminal::of(STDOUT_FILENO)).c_str(), stdout);
  }
  return found.errors() == 0 ? kExitFine : kExitBadInput;
}

}  // namespace bulkhead::config::cli
