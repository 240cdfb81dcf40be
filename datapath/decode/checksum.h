// The Internet checksum (RFC 1071), eight bytes at a time.
//
// Thread   pure functions.
// Out      zero from internet_checksum() over a correct header or datagram.
// Tests    tests/unit/datapath/decode/checksum_test.cpp
#pragma once

#include <cstdint>
#include <cstring>

#include "datapath/base/byte_reader.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::decode {

// Sum of 16-bit words in memory order, in a 64-bit accumulator that cannot overflow below 16 GB.
[[nodiscard]] inline std::uint64_t checksum_add(ByteSpan bytes, std::uint64_t sum = 0) {
  const Byte* p = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t even = 0, odd = 0;
  for (; left >= 16; p += 16, left -= 16) {
    std::uint64_t a, b;
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, 8);
    even += (a & 0xffffffff) + (b & 0xffffffff);
    odd += (a >> 32) + (b >> 32);
  }
  sum += even + odd;
  for (; left >= 2; p += 2, left -= 2) {
    std::uint16_t word;
    std::memcpy(&word, p, 2);
    sum += word;
  }
  if (left == 1) {
    const Byte last[2] = {*p, 0};
    std::uint16_t word;
    std::memcpy(&word, last, 2);
    sum += word;
  }
  return sum;
}

// The complement of the sum folded to 16 bits, in memory order: zero when the data holds its own checksum.
[[nodiscard]] inline std::uint16_t checksum_fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

[[nodiscard]] inline std::uint16_t internet_checksum(ByteSpan bytes) {
  return checksum_fold(checksum_add(bytes));
}

// The same with the pseudo-header of RFC 9293 3.1 or RFC 8200 8.1.
[[nodiscard]] inline std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                                      std::uint8_t protocol, ByteSpan bytes) {
  Byte tail[8] = {};
  store_be32(tail, static_cast<std::uint32_t>(bytes.size()));
  tail[7] = protocol;
  std::uint64_t sum = checksum_add({source.bytes().data(), 16});
  sum = checksum_add({destination.bytes().data(), 16}, sum);
  sum = checksum_add({tail, 8}, sum);
  return checksum_fold(checksum_add(bytes, sum));
}

}  // namespace bulkhead::decode
