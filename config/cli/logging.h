// The program's own diagnostics: spdlog to stderr. Never used per packet.
#pragma once

#include <string>

namespace bulkhead::config::cli {

// `level` is one of the setting log-level's words.
void start_logging(const std::string& level);

}  // namespace bulkhead::config::cli
