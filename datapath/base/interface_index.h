// Numbers of the interfaces that packets come from: those of the kernel, and from kFirstPortIndex on ports that the
// kernel does not know (DPDK), in the order of the settings.
#pragma once

#include <cstdint>

namespace bulkhead {

inline constexpr std::uint32_t kFirstPortIndex = 0x40000000;

[[nodiscard]] constexpr bool is_port_index(std::uint32_t interface_index) {
  return interface_index >= kFirstPortIndex;
}

}  // namespace bulkhead
