// Capabilities of a thread (capabilities(7)): read, and given up for good.
//
// Thread   acts on the calling thread; threads started later have what it had.
// Errors   the environment lane. The bounding set needs CAP_SETPCAP to become smaller; without it that is left out.
// Tests    tests/unit/config/sandbox/sandbox_test.cpp
#pragma once

#include <cstdint>
#include <string>

#include "datapath/base/result.h"

namespace bulkhead::config::sandbox {

// Bit n: capability n.
using CapabilitySet = std::uint64_t;
[[nodiscard]] constexpr CapabilitySet capability(int number) {
  return CapabilitySet{1} << static_cast<unsigned>(number);
}

[[nodiscard]] Result<CapabilitySet> effective_capabilities();
// Effective and permitted become what is both held and in `keep`; inheritable, ambient and bounding lose the rest.
[[nodiscard]] Status keep_capabilities(CapabilitySet keep);
// "CAP_NET_ADMIN, CAP_NET_RAW", or "none".
[[nodiscard]] std::string to_words(CapabilitySet set);

}  // namespace bulkhead::config::sandbox
