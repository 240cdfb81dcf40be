// `bulkhead run`: the daemon. Taps the bridge, enforces the policy in the kernel, alerts, blocks.
//
//   control thread   starts everything, reloads on SIGHUP, writes stats, ends on SIGTERM and SIGINT
//   workers          one per tap ring (pipeline::Live)
//   output thread    EVE file, netlink multicast
//   block thread     BlockRequests from workers -> set elements in the kernel
//
// Thread   run_daemon() blocks the caller until a signal ends it. Signals are waited for by the control thread:
//          SIGTERM, SIGINT graceful stop (kernel state stays: policy and blocks hold without the daemon);
//          SIGHUP reopen the EVE file and reload rules.
// Out      exit status: 0 stopped by a signal, 1 failed while running, 2 bad input.
// Errors   missing capabilities by name; kernel refusals with object, errno and kernel text; a failed
//          reload leaves the old generation running and says so.
#pragma once

#include <functional>
#include <optional>

#include "config/load/books_settings.h"
#include "config/load/engine_settings.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

// Reads the configuration again for a reload; none when it has errors (they are in the diagnostics).
using ReloadSettings = std::function<std::optional<EngineSettings>(Diagnostics&)>;

[[nodiscard]] int run_daemon(const EngineSettings& settings, const BooksSettings& books, const ReloadSettings& reload);

}  // namespace bulkhead::config
