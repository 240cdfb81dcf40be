// A service: addresses of its own in front of workloads. Policies see what is behind it, never its own address.
//
// Thread   value type. Tests  tests/unit/rules/discovery/flow_request_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::rules {

struct ServicePort {
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  std::uint16_t target = 0;  // number of the target port, unless target_name is set
  std::string target_name;   // container port of each endpoint
};

struct Service {
  std::string name;
  std::string name_space;
  std::vector<IpAddress> addresses;
  std::vector<ServicePort> ports;
  std::vector<std::string> endpoints;  // "namespace/name" of workloads
  SourceSpan span;

  [[nodiscard]] std::string full_name() const { return name_space + "/" + name; }
};

}  // namespace bulkhead::rules
