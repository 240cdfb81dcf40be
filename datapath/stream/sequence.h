// Order of 32-bit sequence numbers that wrap (RFC 9293 3.4): a before b when b lies less than 2^31 ahead.
//
// Thread   pure functions.  Units  host order.
// Tests    tests/unit/datapath/stream/sequence_test.cpp
#pragma once

#include <cstdint>

namespace bulkhead::stream {

[[nodiscard]] constexpr std::int32_t seq_distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}
[[nodiscard]] constexpr bool seq_lt(std::uint32_t a, std::uint32_t b) {
  return seq_distance(b, a) < 0;
}
[[nodiscard]] constexpr bool seq_le(std::uint32_t a, std::uint32_t b) {
  return seq_distance(b, a) <= 0;
}
[[nodiscard]] constexpr bool seq_gt(std::uint32_t a, std::uint32_t b) {
  return seq_distance(b, a) > 0;
}
[[nodiscard]] constexpr bool seq_ge(std::uint32_t a, std::uint32_t b) {
  return seq_distance(b, a) >= 0;
}

}  // namespace bulkhead::stream
