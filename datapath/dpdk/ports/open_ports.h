// open_dpdk() of dpdk_sources.h, inside the module.
//
// Thread   the control thread.
// Errors   wrong settings, the EAL's and drivers' words.
// Tests    tests/unit/datapath/dpdk/ports/dpdk_source_test.cpp
#pragma once

#include "datapath/dpdk/dpdk_sources.h"

namespace bulkhead::dpdk {

[[nodiscard]] Result<DpdkSources> open_ports(const DpdkSettings& settings);

}  // namespace bulkhead::dpdk
