// The client that a proxy names in a request (X-Forwarded-For), for records and alerts.
//
// Thread   pure functions.
// In       the value of the header: a list of addresses, the client's first, each proxy appending the one it heard
//          from: "10.2.2.2, 10.3.3.3". An address may carry a port: "10.2.2.2:4711", "[2001:db8::1]:4711".
// Out      the address that the deployment trusts; nothing when it is none.
// Limits   values beyond kMostCharacters are not looked at.
// Tests    tests/unit/datapath/pipeline/forwarded_for_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/base/ip_address.h"

namespace bulkhead::pipeline {

struct ForwardedForSettings {
  enum class Mode : std::uint8_t { kOff, kExtraData, kOverwrite };
  Mode mode = Mode::kOff;                  // [xff.mode] a field of its own, or in place of the flow's client
  bool forward = false;                    // [xff.deployment] forward: the first of the list; reverse: the last
  std::string header = "X-Forwarded-For";  // [xff.header]
};

struct ForwardedFor {
  std::string_view text;  // as the header has it, without port
  IpAddress address;
};

[[nodiscard]] std::optional<ForwardedFor> forwarded_for(std::string_view value, bool forward);

}  // namespace bulkhead::pipeline
