// bulkhead patches: weaknesses of the images that run, which rules watch for them, and what to do.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/live_text.h"
#include "config/cli/terminal.h"
#include "config/control/control_protocol.h"
#include "config/load/inventory_yaml.h"
#include "config/load/patch_report.h"
#include "config/load/signature_loader.h"

namespace bulkhead::config::cli {

int cmd_patches(const PatchesOptions& options) {
  Diagnostics diagnostics, of_rules;
  LoadedConfig config = load_config(options.request, diagnostics);
  patches::PatchSettings& settings = config.settings.patches;
  if (!options.reports.empty()) settings.reports = options.reports;
  if (!options.exploited.empty()) settings.exploited = options.exploited;
  const auto say = [&] {
    std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  };
  if (settings.reports.empty() && !diagnostics.has_errors()) {
    std::fputs(
        "error: no reports: --reports DIRECTORY, or setting patches.reports\n"
        "  hint: trivy image --format json --output DIRECTORY/NAME.json IMAGE writes one\n",
        stderr);
    return kExitBadInput;
  }
  patches::PatchBookPtr book;
  if (!diagnostics.has_errors()) book = patches::load_patch_book(settings, diagnostics);
  std::vector<patches::PatchedWorkload> workloads;
  if (book != nullptr && !config.settings.policy.inventory.empty()) {
    workloads = patched(*load_inventory_file(config.settings.policy.inventory, diagnostics));
  } else if (book != nullptr) {
    workloads = images_alone(*book);
  }
  say();
  if (diagnostics.has_errors()) return kExitBadInput;
  std::optional<LoadedSignatures> loaded;
  if (!config.settings.signatures.files.empty()) {
    SignatureSettings rules = config.settings.signatures;
    rules.failure_is_fatal = false;  // `bulkhead check` says what is wrong with rules
    const std::set<std::string> wanted = wanted_cves(book.get(), settings);
    loaded = load_signatures(rules, of_rules, nullptr, nullptr, &wanted);
  }
  const auto json =
      patch_json(patches::coverage_of(book, loaded ? loaded->db.get() : nullptr,
                                      loaded ? loaded->enabled : patches::RuleKeys(), workloads, settings),
                 static_cast<std::size_t>(options.limit));
  if (options.json) {
    std::printf("%s\n", control::text_of(json, 2).c_str());
  } else {
    std::fputs(patches_text(json, options.cards, Terminal::of(STDOUT_FILENO)).c_str(), stdout);
  }
  return kExitFine;
}

}  // namespace bulkhead::config::cli
