// Completion scripts for shells, made from the grammar of the command line.
//
// Thread   the main thread. Tests  tests/unit/config/cli/completion_test.cpp
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace bulkhead::config::cli {

// By command: what may stand there besides options.
using ArgumentWords = std::map<std::string, std::vector<std::string>>;

// `shell`: bash, zsh or fish.
[[nodiscard]] std::string completion_text(const std::string& shell, const CLI::App& app,
                                          const ArgumentWords& arguments = {});

}  // namespace bulkhead::config::cli
