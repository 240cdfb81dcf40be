// The MAC addresses that were seen at one end of a flow, in order of appearance: more than one where routers share an
// address or a workload moves.
//
// Thread   the worker owning the flow.
// Limits   kMost addresses; further ones are not noted.
// Tests    tests/unit/datapath/flow/mac_list_test.cpp
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "datapath/base/ip_address.h"

namespace bulkhead::flow {

class MacList {
 public:
  static constexpr std::size_t kMost = 10;

  void add(const MacAddress& mac) {
    if (size_ == kMost || std::find(begin(), end(), mac) != end()) return;
    macs_[size_++] = mac;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const MacAddress* begin() const { return macs_.data(); }
  [[nodiscard]] const MacAddress* end() const { return macs_.data() + size_; }

 private:
  std::array<MacAddress, kMost> macs_{};
  std::uint8_t size_ = 0;
};

// Of both ends.
struct FlowMacs {
  MacList client, server;
};

}  // namespace bulkhead::flow
