// The EAL: memory, buses and drivers of DPDK, once for the whole process.
//
// Thread   start_environment() by one thread. The EAL moves its caller to a core of its own; this is undone. Lines by
//          any: drivers write from the workers' threads.
// Limits   kKeptLines of what was written.
// Errors   what the EAL said, its last lines. It ends no process: arguments that make it do so are refused.
// Tests    tests/unit/datapath/dpdk/ports/environment_test.cpp, dpdk_source_test.cpp
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "datapath/base/result.h"
#include "datapath/dpdk/dpdk_settings.h"

namespace bulkhead::dpdk {

inline constexpr std::size_t kKeptLines = 64;

// True: a port by its place on the PCI bus, with or without domain, before a comma.
[[nodiscard]] bool is_pci_address(const std::string& port);
// Without arguments of the device.
[[nodiscard]] std::string port_name(const std::string& port);
// Megabytes of packets and queues of all ports.
[[nodiscard]] std::uint32_t memory_needed_mb(const DpdkSettings& settings);
// The command line for the EAL, whose own thread is on `core`; an error for arguments that would end the process.
[[nodiscard]] Result<std::vector<std::string>> environment_arguments(const DpdkSettings& settings, unsigned core);

// Does nothing when it was started before; a start that failed cannot be tried again.
[[nodiscard]] Status start_environment(const DpdkSettings& settings);
// One that this process may run on, as it was before the EAL started.
[[nodiscard]] bool core_is_there(unsigned core);

// What the EAL and drivers wrote.
void add_line(std::string line);
[[nodiscard]] std::vector<std::string> take_lines();
// The last lines of those not yet taken, joined: the words of a failure.
[[nodiscard]] std::string last_lines(std::size_t count);

}  // namespace bulkhead::dpdk
