#include "config/cli/policy_input.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "config/cli/commands.h"
#include "config/cli/terminal.h"
#include "config/load/inventory_yaml.h"
#include "config/load/policy_yaml.h"
#include "rules/compile/policy_compiler.h"

namespace bulkhead::config::cli {

namespace {

// True: no errors.
bool print(const Diagnostics& diagnostics, bool quiet) {
  if (!quiet || diagnostics.has_errors()) {
    std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(STDERR_FILENO)).c_str(), stderr);
  }
  return !diagnostics.has_errors();
}

}  // namespace

std::optional<std::vector<std::string>> policy_files(const std::vector<std::string>& policies) {
  std::vector<std::string> out;
  for (const std::string& pattern : policies) {
    const std::vector<std::string> files = expand_glob(pattern);
    if (files.empty()) {
      std::fprintf(stderr, "error: no file matches %s\n", pattern.c_str());
      return std::nullopt;
    }
    out.insert(out.end(), files.begin(), files.end());
  }
  return out;
}

rules::InventoryPtr load_inventory_or_print(const std::string& file, bool quiet) {
  if (file.empty()) return std::make_shared<rules::Inventory>();
  Diagnostics diagnostics;
  auto inventory = load_inventory_file(file, diagnostics);
  if (!print(diagnostics, quiet)) return nullptr;
  return inventory;
}

rules::PolicyTablePtr compile_or_print(const std::vector<std::string>& files, const rules::InventoryPtr& inventory,
                                       bool quiet) {
  Diagnostics diagnostics;
  const rules::PolicyModel model = load_policy_files(files, diagnostics);
  rules::PolicyTablePtr table;
  if (!diagnostics.has_errors()) table = rules::compile_policies(model, inventory, diagnostics);
  return print(diagnostics, quiet) ? table : nullptr;
}

}  // namespace bulkhead::config::cli
