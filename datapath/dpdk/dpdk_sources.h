// Opens ports of DPDK and gives one packet source for each worker. The part that needs DPDK's libraries is a module,
// loaded here and never unloaded; where it is missing, or of another build: an error that says so.
//
// Thread   open_dpdk() by the control thread, once its process is otherwise set up: the EAL stays for the life of the
//          process. Each source by its worker, which it moves to its core.
// Out      sources 0 ... workers - 1; they hold the ports, which stop with the last of them.
// Limits   DpdkSettings.
// Errors   Error with the call, the port and the EAL's own words; the process goes on.
// Tests    tests/unit/datapath/dpdk/dpdk_sources_test.cpp, ports/dpdk_source_test.cpp
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datapath/base/result.h"
#include "datapath/dpdk/dpdk_settings.h"
#include "datapath/io/packet_source.h"

namespace bulkhead::dpdk {

using DpdkSources = std::vector<std::unique_ptr<io::PacketSource>>;

[[nodiscard]] Result<DpdkSources> open_dpdk(const DpdkSettings& settings);

// What the EAL and drivers have written since the last call; the oldest lines are lost where nobody asks.
[[nodiscard]] std::vector<std::string> take_dpdk_lines();

}  // namespace bulkhead::dpdk
