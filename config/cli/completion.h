// Completion scripts for shells, made from the grammar of the command line.
//
// Thread   the main thread. Tests  tests/unit/config/cli/completion_test.cpp
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bulkhead::config::cli {

// `shell`: bash, zsh or fish.
[[nodiscard]] std::string completion_text(const std::string& shell, const CLI::App& app);

}  // namespace bulkhead::config::cli
