// bulkhead lint: what rules may say and still look like a mistake.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "config/load/signature_loader.h"
#include "rules/compile/policy_compiler.h"
#include "rules/compile/policy_lint.h"
#include "signatures/compile/lint.h"

namespace bulkhead::config::cli {

namespace {

// How many rules were looked at.
// Signatures that do not load say nothing about policies: only their own mistakes leave them unlooked at.
std::size_t lint_policy_files(const PolicySettings& settings, Diagnostics& all_loading, Diagnostics& found) {
  if (settings.files.empty()) return 0;
  Diagnostics loading;
  rules::InventoryPtr inventory = std::make_shared<rules::Inventory>();
  if (!settings.inventory.empty()) inventory = load_inventory_file(settings.inventory, loading);
  const rules::PolicyModel model = load_policy_files(settings.files, loading);
  rules::PolicyTablePtr table;
  if (!loading.has_errors()) table = rules::compile_policies(model, inventory, loading);
  all_loading.append(loading);
  if (table == nullptr) return 0;
  rules::lint_policies(*table, found);
  return table->rules().size();
}

}  // namespace

int cmd_lint(const CheckOptions& options) {
  Diagnostics loading;
  const LoadedConfig config = load_config(options.request, loading);
  SignatureSettings settings = config.settings.signatures;
  settings.failure_is_fatal = false;
  settings.keep_text = true;
  const auto loaded = load_signatures(settings, loading);
  Diagnostics found;
  if (loaded) signatures::lint_rules(loaded->db->signatures, found);
  const std::size_t policy_rules = lint_policy_files(config.settings.policy, loading, found);
  const Terminal errors = Terminal::of(STDERR_FILENO);
  const std::size_t cap = options.all ? 0 : kShownPerReason;
  if (!options.quiet) {
    std::fputs(format_diagnostics(loading, cap, errors).c_str(), stderr);
    std::fputs(format_diagnostics(found, cap, errors).c_str(), stderr);
    std::fflush(stderr);
    Table table({Table::Align::kRight, Table::Align::kLeft});
    for (const auto& [code, count] : found.count_by_code(Severity::kWarning)) table.add({with_commas(count), code});
    const std::size_t signature_rules = loaded ? loaded->counts.loaded : 0;
    if (signature_rules != 0 || policy_rules == 0) {
      table.add({with_commas(signature_rules), signature_rules == 1 ? "signature looked at" : "signatures looked at"});
    }
    if (policy_rules != 0) {
      table.add({with_commas(policy_rules),
                 policy_rules == 1 ? "rule of policies looked at" : "rules of policies looked at"});
    }
    std::fputs(table.text(0).c_str(), stdout);
  }
  return loading.has_errors() || found.warning_count() != 0 ? kExitBadInput : kExitFine;
}

}  // namespace bulkhead::config::cli
