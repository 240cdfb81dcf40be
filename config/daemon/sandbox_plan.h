// What the settings need of the kernel and of the file system: everything else is given up (config/sandbox).
//
//   CAP_NET_ADMIN      nftables, conntrack, queues, links: always
//   CAP_NET_RAW        rings of taps, wires, resets of blocked connections: always (operators block in any mode)
//   CAP_SYS_NICE       boost
//   CAP_CHOWN          control.group
//   CAP_NET_BIND_...   metrics.listen below port 1024
//   CAP_DAC_OVERRIDE   a directory of the settings belongs to somebody else, and this process is root
//
// Thread   control thread, before others start.
// Errors   none: a directory that is not there is left out.
// Tests    tests/unit/config/daemon/sandbox_plan_test.cpp
#pragma once

#include "config/load/books_settings.h"
#include "config/load/engine_settings.h"
#include "config/sandbox/sandbox.h"

namespace bulkhead::config {

[[nodiscard]] sandbox::SandboxPlan sandbox_plan(const EngineSettings& settings, const BooksSettings& books);

}  // namespace bulkhead::config
