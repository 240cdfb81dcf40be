// A block in force as JSON: the one form, of `bulkhead blocks list --json`, with and without the daemon, and of the
// page.
//
// Thread   pure function. Tests  tests/unit/config/daemon/control_commands_test.cpp, tests/response/undo_test.py
#pragma once

#include <nlohmann/json.hpp>

#include "rules/block/block_list.h"

namespace bulkhead::config {

[[nodiscard]] nlohmann::json block_json(const rules::ActiveBlock& active);

}  // namespace bulkhead::config
