// Policies and inventory for the commands that ask what a policy says.
//
// Thread   the main thread. Out  diagnostics to stderr. Errors  nullopt after printing them.
// Tests    tests/policy/, tests/golden/errors/
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load/config_loader.h"
#include "rules/compile/policy_table.h"

namespace bulkhead::config::cli {

// `policies` may be patterns; those that name no file are errors.
[[nodiscard]] std::optional<std::vector<std::string>> policy_files(const std::vector<std::string>& policies);
// Prints what is wrong unless `quiet`; with errors the result is null.
[[nodiscard]] rules::InventoryPtr load_inventory_or_print(const std::string& file, bool quiet);
[[nodiscard]] rules::PolicyTablePtr compile_or_print(const std::vector<std::string>& files,
                                                     const rules::InventoryPtr& inventory, bool quiet);

}  // namespace bulkhead::config::cli
