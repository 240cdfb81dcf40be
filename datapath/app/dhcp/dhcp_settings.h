// What records of DHCP contain [eve.types.dhcp.*].
#pragma once

namespace bulkhead::app::dhcp {

struct DhcpEveOptions {
  bool extended = false;  // [extended] every message and all that it says; else acknowledgements alone
};

}  // namespace bulkhead::app::dhcp
