// bulkhead lint: what rules may say and still look like a mistake.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/signature_loader.h"
#include "signatures/compile/lint.h"

namespace bulkhead::config::cli {

int cmd_lint(const CheckOptions& options) {
  Diagnostics loading;
  const LoadedConfig config = load_config(options.request, loading);
  SignatureSettings settings = config.settings.signatures;
  settings.failure_is_fatal = false;
  settings.keep_text = true;
  const auto loaded = load_signatures(settings, loading);
  Diagnostics found;
  if (loaded) signatures::lint_rules(loaded->db->signatures, found);
  const Terminal errors = Terminal::of(STDERR_FILENO);
  const std::size_t cap = options.all ? 0 : kShownPerReason;
  if (!options.quiet) {
    std::fputs(format_diagnostics(loading, cap, errors).c_str(), stderr);
    std::fputs(format_diagnostics(found, cap, errors).c_str(), stderr);
    std::fflush(stderr);
    Table table({Table::Align::kRight, Table::Align::kLeft});
    for (const auto& [code, count] : found.count_by_code(Severity::kWarning)) table.add({with_commas(count), code});
    table.add({with_commas(loaded ? loaded->counts.loaded : 0), "rules looked at"});
    std::fputs(table.text(0).c_str(), stdout);
  }
  return loading.has_errors() || found.warning_count() != 0 ? kExitBadInput : kExitFine;
}

}  // namespace bulkhead::config::cli
