// Key of state that belongs to a rule and the hosts of a packet: thresholds, host bits.
//
// Thread   value type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

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

// Keyed by a number of this process, in both factors of each product: who sends in the name of many addresses cannot
// choose some that fall into one bucket. Nothing depends on the order of a table.
struct HostKeyHash {
  [[nodiscard]] std::size_t operator()(const HostKey& k) const {
    static const std::array<std::uint64_t, 2> seed = [] {
      std::random_device random;
      const auto draw = [&] { return std::uint64_t{random()} << 32 | random(); };
      return std::array<std::uint64_t, 2>{draw(), draw()};
    }();
    std::uint64_t h = mix(seed[0] ^ k.what, seed[1]);
    for (const IpAddress* a : {&k.first, &k.second}) {
      std::uint64_t words[2];
      std::memcpy(words, a->bytes().data(), sizeof words);
      h = mix(h ^ words[0] ^ seed[0], words[1] ^ seed[1]);
    }
    return static_cast<std::size_t>(h);
  }

 private:
  // 64x64 -> 128 bit multiply, folded.
  [[nodiscard]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using U128 = unsigned __int128;
    const U128 product = static_cast<U128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
};

}  // namespace bulkhead::signatures
