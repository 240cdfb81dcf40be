#include "datapath/base/address_ranges.h"

namespace bulkhead {

std::vector<IpPrefix> private_ranges() {
  std::vector<IpPrefix> out;
  for (const char* text :
       {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"}) {
    out.push_back(*IpPrefix::parse(text));
  }
  return out;
}

}  // namespace bulkhead
