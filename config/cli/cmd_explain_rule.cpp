// bulkhead explain-rule: one signature in plain words.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/explanations/explanation.h"
#include "config/load/signature_loader.h"
#include "signatures/compile/explain_rule.h"

namespace bulkhead::config::cli {

int cmd_explain_rule(const ExplainRuleOptions& options) {
  Diagnostics diagnostics;
  const LoadedConfig config = load_config(options.request, diagnostics);
  SignatureSettings settings = config.settings.signatures;
  settings.failure_is_fatal = false;
  const auto loaded = load_signatures(settings, diagnostics);
  std::string out;
  if (loaded) {
    for (const signatures::Signature& s : loaded->db->signatures) {
      if (s.info->sid != options.sid || (options.gid != 0 && s.info->gid != options.gid)) continue;
      out += (out.empty() ? "" : "\n") + signatures::explain_rule(s, loaded->db->names);
      const auto* page = explanations::find_page(std::to_string(options.sid), explanations::Kind::kPack);
      if (page != nullptr) out += "More about such attacks: bulkhead explain " + std::string(page->name) + "\n";
    }
  }
  if (!out.empty()) {
    std::fputs(out.c_str(), stdout);
    return kExitFine;
  }
  std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  std::fprintf(stderr, "error: no rule with sid %u is loaded\n", options.sid);
  return kExitBadInput;
}

}  // namespace bulkhead::config::cli
