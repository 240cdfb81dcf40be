// Manual pages in roff (man(7)), made from the grammar of the command line.
//
// Thread   the main thread. Tests  tests/unit/config/cli/completion_test.cpp
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bulkhead::config::cli {

[[nodiscard]] std::string manual_text(const CLI::App& app);

}  // namespace bulkhead::config::cli
