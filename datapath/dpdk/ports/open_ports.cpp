#include "datapath/dpdk/ports/open_ports.h"

#include <rte_lcore.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "datapath/dpdk/ports/dpdk_source.h"
#include "datapath/dpdk/ports/environment.h"

namespace bulkhead::dpdk {

namespace {

// Both directions of a flow come to one worker when both ports spread alike.
Status check_pairs(const DpdkPorts& ports, const DpdkSettings& settings) {
  const bool even = (settings.workers & (settings.workers - 1)) == 0;  // all tables have a power of two of entries
  for (std::size_t i = 0; settings.wire && settings.workers > 1 && i + 1 < ports.size(); i += 2) {
    const DpdkPort& one = *ports[i];
    const DpdkPort& other = *ports[i + 1];
    if (one.spreads() != other.spreads() || (!even && one.table_size() != other.table_size())) {
      return Error{"DPDK wire", one.name() + ", " + other.name(), 0,
                   "spread flows over queues in different ways: use one worker, or ports of one kind"};
    }
  }
  return ok();
}

Status check(const DpdkSettings& settings) {
  if (settings.wire && settings.ports.size() % 2 != 0) {
    return Error{"DPDK wire", settings.ports.back(), 0, "has no other end: ports of a wire come in pairs"};
  }
  for (std::size_t i = 0; i < settings.ports.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (port_name(settings.ports[i]) == port_name(settings.ports[k])) {
        return Error{"DPDK", port_name(settings.ports[i]), 0,
                     "is named twice; virtual devices have numbers: net_null0"};
      }
    }
  }
  return ok();
}

// Packets that cross between nodes cost as much as the whole decoding.
void warn_of_distance(const DpdkPorts& ports, const DpdkSettings& settings) {
  for (const std::uint16_t core : settings.cores) {
    const auto node = static_cast<int>(::rte_lcore_to_socket_id(core));
    for (const auto& port : ports) {
      if (port->node() >= 0 && node >= 0 && node != port->node()) {
        add_line("core " + std::to_string(core) + " is on NUMA node " + std::to_string(node) + ", port " +
                 port->name() + " on node " + std::to_string(port->node()));
      }
    }
  }
}

}  // namespace

Result<DpdkSources> open_ports(const DpdkSettings& settings) {
  if (const Status checked = check(settings); !checked) return checked.error();
  if (const Status started = start_environment(settings); !started) return started.error();
  for (const std::uint16_t core : settings.cores) {
    if (!core_is_there(core)) {
      return Error{"DPDK", "core " + std::to_string(core), 0, "is not there, or not this process's: dpdk.cores"};
    }
  }
  auto ports = std::make_shared<DpdkPorts>();
  for (const std::string& name : settings.ports) {
    auto port = DpdkPort::open(name, settings);
    if (!port) return port.error();
    ports->push_back(std::move(*port));
  }
  if (const Status alike = check_pairs(*ports, settings); !alike) return alike.error();
  warn_of_distance(*ports, settings);
  for (const auto& port : *ports) {
    if (const Status running = port->start(); !running) return running.error();
  }
  DpdkSources out;
  for (std::uint16_t queue = 0; queue < settings.workers; ++queue) {
    out.push_back(std::make_unique<DpdkSource>(ports, settings, queue));
  }
  return out;
}

}  // namespace bulkhead::dpdk
