// bulkhead import: a suricata.yaml becomes settings on stdout; stderr tells what was taken over and what was not.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/suricata_import.h"
#include "config/schema/sample_yaml.h"

namespace bulkhead::config::cli {

int cmd_import(const ImportOptions& options) {
  Diagnostics diagnostics;
  const SuricataImport found = import_suricata_yaml(options.file, diagnostics);
  const Terminal terminal = Terminal::of(STDERR_FILENO);
  std::fputs(format_diagnostics(diagnostics, 0, terminal).c_str(), stderr);
  if (diagnostics.has_errors()) return kExitBadInput;
  std::fputs(dump_yaml(found.values, false).c_str(), stdout);
  if (options.quiet) return kExitFine;
  const auto list = [&](const char* title, const std::vector<ImportedKey>& keys) {
    std::fprintf(stderr, "%s\n", terminal.bold(std::string(title) + " " + std::to_string(keys.size())).c_str());
    Table table({Table::Align::kRight, Table::Align::kLeft, Table::Align::kLeft});
    for (const ImportedKey& key : keys) table.add({std::to_string(key.line), key.key, key.note});
    std::fputs(table.text().c_str(), stderr);
  };
  list("taken over", found.taken);
  list("ignored", found.ignored);
  return kExitFine;
}

}  // namespace bulkhead::config::cli
