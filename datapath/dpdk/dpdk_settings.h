// What the operator sets about ports of DPDK, as tap or as wire.
//
// Memory   mbufs * (max_frame + 384 B) per port, of huge pages of the port's NUMA node, or of plain memory (no_huge).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::dpdk {

struct DpdkSettings {
  // A PCI address ("0000:81:00.0") with arguments of its driver, or a virtual device with its arguments
  // ("net_af_packet0,iface=eth1").
  std::vector<std::string> ports;
  bool wire = false;          // what comes in by the first goes out by the second, and back; third and fourth, ...
  std::uint16_t workers = 1;  // queues of each port, one worker for each
  std::vector<std::uint16_t> cores;  // of the workers, in their order; empty: the scheduler's choice
  bool spread_by_address = false;    // the device's hash takes addresses alone: fragments stay with their flow
  std::uint16_t receive_descriptors = 1024, send_descriptors = 1024;
  std::uint32_t mbufs = 16384;  // packets of one port that can be out at once
  std::uint16_t burst = 64;
  std::uint16_t max_frame = 2048;      // bytes with link header; longer ones come in parts where the device can
  std::chrono::microseconds idle{50};  // slept when nothing has come for a while; 0: never, one whole core each

  bool no_huge = false;          // plain memory instead of huge pages
  std::uint32_t memory_mb = 0;   // 0: what the ports need
  std::vector<std::string> eal;  // further arguments of the EAL
  std::string module;            // file of the module; empty: looked for beside the program
  [[nodiscard]] bool enabled() const { return !ports.empty(); }
};

}  // namespace bulkhead::dpdk
