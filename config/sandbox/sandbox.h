// Least privilege: what the daemon gives up before it reads its first packet, and what its workers give up besides.
//
//   process   no new privileges; capabilities that the settings need; no programs, processes, modules, mounts,
//             namespaces (call_filter.h); files of the settings alone (file_access.h)
//   worker    all that, and: no capability (inline queues: CAP_NET_ADMIN, the kernel asks for it at each verdict), no
//             file, no socket, only the calls that packets need
//
// Decoders and protocol parsers run in workers alone.
//
// Thread   confine_process() on the first thread, before others start; confine_worker() on each worker, first thing.
// Errors   what the kernel does not have is left out and told (SandboxReport); the rest is the environment lane.
// Tests    tests/unit/config/sandbox/sandbox_test.cpp, tests/netns/sandbox_netns_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/sandbox/capability_set.h"
#include "config/sandbox/file_access.h"
#include "datapath/base/result.h"

namespace bulkhead::config::sandbox {

enum class SandboxMode : std::uint8_t { kOn, kOff, kLog };
[[nodiscard]] const char* to_string(SandboxMode mode);

// A capability and what for.
struct KeptCapability {
  int number = 0;
  std::string why;
};

struct SandboxPlan {
  SandboxMode mode = SandboxMode::kOn;
  std::vector<KeptCapability> capabilities;
  FileAccess files;
};

struct SandboxReport {
  SandboxMode mode = SandboxMode::kOff;
  std::string off_because;  // the settings, a sanitizer; empty: it is on
  std::string capabilities;
  bool calls_filtered = false;
  int landlock = 0;                   // version of the interface; 0: none
  std::vector<std::string> left_out;  // what the kernel does not have or refused, in words
};

// Sanitizers make calls of their own: with them nothing is confined.
[[nodiscard]] bool built_with_sanitizer();

[[nodiscard]] SandboxReport confine_process(const SandboxPlan& plan);
[[nodiscard]] Status confine_worker(SandboxMode mode, CapabilitySet capabilities);

}  // namespace bulkhead::config::sandbox
