// What the policies are about: workloads (containers), the nodes that carry them, hosts outside.
//
// Thread   value types; the inventory that holds them is immutable once handed out.
// Rules    a host-network workload is its node: no policy selects it and no label names it as a peer.
// Tests    tests/unit/rules/model/selector_test.cpp, tests/unit/rules/discovery/inventory_test.cpp
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"
#include "rules/model/posture.h"

namespace bulkhead::rules {

using Labels = std::map<std::string, std::string, std::less<>>;

struct WorkloadPort {
  std::string name;  // may be empty
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
};

// One port of a workload: where it is plugged in, and as whom it speaks there.
struct Attachment {
  std::string interface;    // host side
  std::uint32_t index = 0;  // its ifindex; 0: not known
  std::string network;      // the engine's name for it; may be empty
  std::optional<MacAddress> mac;
  std::vector<IpAddress> addresses;
  auto operator<=>(const Attachment&) const = default;
};

struct Workload {
  std::string name;
  std::string name_space;
  Labels labels;
  Labels namespace_labels;
  std::string node;
  std::string interface;  // host side of its veth; empty: unknown or on another node
  std::optional<MacAddress> mac;
  std::vector<IpAddress> addresses;  // IPv4 and IPv6
  std::vector<WorkloadPort> ports;
  bool host_network = false;
  std::string image;               // as it was started: "registry/shop/api:1.2"
  std::string image_digest;        // "sha256:..."; empty: not known
  std::optional<Posture> posture;  // none: the source does not tell
  // Ports that a source discovered, when there may be more than one; `interface` and `mac` are the first one's,
  // `addresses` are those of all.
  std::vector<Attachment> attachments;
  SourceSpan span;

  // The ports: `attachments`, or the one that interface, mac and addresses make; none without an interface.
  [[nodiscard]] std::vector<Attachment> all_attachments() const {
    if (!attachments.empty() || interface.empty()) return attachments;
    return {{interface, 0, {}, mac, addresses}};
  }
  [[nodiscard]] std::string full_name() const { return name_space + "/" + name; }
};

struct Node {
  std::string name;
  Labels labels;
  std::vector<IpAddress> addresses;
  SourceSpan span;
};

struct ExternalHost {
  std::string name;
  std::vector<IpAddress> addresses;
  std::vector<std::string> dns;
  SourceSpan span;
};

}  // namespace bulkhead::rules
