// Values in network byte order as they lie in packets (RFC 791 appendix B), read without alignment.
//
// Thread   pure functions. Limits  the caller guarantees the bytes are there (see ByteReader).
#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead {

using Byte = std::uint8_t;

[[nodiscard]] inline std::uint16_t load_be16(const Byte* p) {
  return static_cast<std::uint16_t>((p[0] << 8) | p[1]);
}
[[nodiscard]] inline std::uint32_t load_be24(const Byte* p) {
  return (std::uint32_t{p[0]} << 16) | (std::uint32_t{p[1]} << 8) | p[2];
}
[[nodiscard]] inline std::uint32_t load_be32(const Byte* p) {
  return (std::uint32_t{p[0]} << 24) | (std::uint32_t{p[1]} << 16) | (std::uint32_t{p[2]} << 8) | p[3];
}
[[nodiscard]] inline std::uint64_t load_be64(const Byte* p) {
  return (std::uint64_t{load_be32(p)} << 32) | load_be32(p + 4);
}
inline void store_be16(Byte* p, std::uint16_t v) {
  p[0] = static_cast<Byte>(v >> 8);
  p[1] = static_cast<Byte>(v);
}
inline void store_be32(Byte* p, std::uint32_t v) {
  store_be16(p, static_cast<std::uint16_t>(v >> 16));
  store_be16(p + 2, static_cast<std::uint16_t>(v));
}

// 16 and 32 bits kept in network byte order, so that the type says so.
struct Be16 {
  std::uint16_t raw = 0;
  bool operator==(const Be16&) const = default;
};
struct Be32 {
  std::uint32_t raw = 0;
  bool operator==(const Be32&) const = default;
};

}  // namespace bulkhead
