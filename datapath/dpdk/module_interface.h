// What the module with DPDK gives the program that loads it. Both are of one build or do not go together: objects
// cross in both directions.
//
// Thread   as dpdk_sources.h says.
// Errors   same_build() is false: nothing of the module but its head may be used.
// Tests    tests/unit/datapath/dpdk/dpdk_sources_test.cpp
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "datapath/dpdk/dpdk_sources.h"

namespace bulkhead::dpdk {

struct ModuleInterface {
  const char* build;  // version of the program and compiler
  std::size_t sizes;  // of what crosses
  Result<DpdkSources> (*open)(const DpdkSettings& settings);
  std::vector<std::string> (*take_lines)();
};

inline constexpr std::size_t kSizes =
    sizeof(DpdkSettings) + 1000 * sizeof(io::RawPacket) + 1000000 * sizeof(io::SourceStats);
inline constexpr const char* kModuleEntry = "bulkhead_dpdk_module";

[[nodiscard]] inline bool same_build(const ModuleInterface& module, const char* build) {
  return module.sizes == kSizes && std::strcmp(module.build, build) == 0;
}

}  // namespace bulkhead::dpdk
