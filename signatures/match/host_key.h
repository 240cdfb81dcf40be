// Key of state that belongs to a rule and the hosts of a packet: thresholds, host bits.
//
// Thread   value type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "datapath/base/ip_address.h"

namespace bulkhead::signatures {

struct HostKey {
  IpAddress first, second;  // unset: not part of the key; a pair is ordered, so that both directions have one key
  std::uint64_t what = 0;   // rule, bit, kind

  [[nodiscard]] static HostKey pair(const IpAddress& a, const IpAddress& b, std::uint64_t what) {
    return b < a ? HostKey{b, a, what} : HostKey{a, b, what};
  }
  bool operator==(const HostKey&) const = default;
};

struct HostKeyHash {
  [[nodiscard]] std::size_t operator()(const HostKey& k) const {
    std::uint64_t h = k.what * 0x9e3779b97f4a7c15ULL;
    for (const IpAddress* a : {&k.first, &k.second}) {
      std::uint64_t words[2];
      std::memcpy(words, a->bytes().data(), sizeof words);
      for (const std::uint64_t word : words) h = (h ^ word ^ (h >> 29)) * 0xbf58476d1ce4e5b9ULL;
    }
    return static_cast<std::size_t>(h ^ (h >> 32));
  }
};

}  // namespace bulkhead::signatures
