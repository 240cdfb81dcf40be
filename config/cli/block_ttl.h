// The time of `blocks add --ttl`.
//
// Thread   the main thread. Tests  tests/golden/errors/
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "datapath/base/diagnostic.h"

namespace bulkhead::config::cli {

// None: the text is no time, and the diagnostics say so.
[[nodiscard]] std::optional<std::chrono::seconds> block_ttl(const std::string& text, Diagnostics& diagnostics);

}  // namespace bulkhead::config::cli
