// The way into the module.
#include "datapath/dpdk/module_interface.h"
#include "datapath/dpdk/ports/environment.h"
#include "datapath/dpdk/ports/open_ports.h"

extern "C" __attribute__((visibility("default"))) const bulkhead::dpdk::ModuleInterface* bulkhead_dpdk_module() {
  static constexpr bulkhead::dpdk::ModuleInterface kModule = {
      .build = BULKHEAD_VERSION " " __VERSION__,
      .sizes = bulkhead::dpdk::kSizes,
      .open = bulkhead::dpdk::open_ports,
      .take_lines = bulkhead::dpdk::take_lines,
  };
  return &kModule;
}
