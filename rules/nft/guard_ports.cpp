#include "rules/nft/guard_ports.h"

#include <utility>

namespace bulkhead::rules {

std::vector<GuardPort> guard_ports(const Inventory& inventory, const LinkTable& links) {
  std::vector<GuardPort> out;
  for (const Workload& workload : inventory.workloads()) {
    if (workload.host_network) continue;
    for (const Attachment& attachment : workload.all_attachments()) {
      const Link* link = links.find(std::string_view(attachment.interface));
      // A discovered port has an index: another interface of its name is another port.
      if (link == nullptr || (attachment.index != 0 && attachment.index != link->index)) continue;
      if (const Link* instead = links.stand_in(link->index); instead != nullptr) link = instead;
      out.push_back({link->name, link->index, workload.full_name(), attachment.mac, attachment.addresses});
    }
  }
  return out;
}

}  // namespace bulkhead::rules
