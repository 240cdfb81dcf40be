// IPv4 and IPv6 addresses, prefixes and inclusive ranges.
//
// Layout   16 bytes in network order; IPv4 uses the first four and zeroes the rest, so that equal
//          addresses have equal bytes.
// Order    by family (IPv4 first), then numerically.
// Errors   parse() answers nullopt for anything inet_pton refuses or a prefix length out of range.
// Tests    tests/unit/datapath/base/ip_address_test.cpp
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/base/big_endian.h"

namespace bulkhead {

enum class IpFamily : std::uint8_t { kNone = 0, kV4 = 4, kV6 = 6 };

struct MacAddress {
  std::array<Byte, 6> bytes{};
  [[nodiscard]] static MacAddress from(const Byte* p) {
    MacAddress m;
    std::memcpy(m.bytes.data(), p, 6);
    return m;
  }
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;  // lower case, colons
  auto operator<=>(const MacAddress&) const = default;
};

class IpAddress {
 public:
  IpAddress() = default;
  [[nodiscard]] static IpAddress v4(const Byte* bytes) {
    IpAddress a;
    a.family_ = IpFamily::kV4;
    std::memcpy(a.bytes_.data(), bytes, 4);
    return a;
  }
  // From a number in host order: 0x0a000001 is 10.0.0.1.
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order) {
    Byte bytes[4];
    store_be32(bytes, host_order);
    return v4(bytes);
  }
  [[nodiscard]] static IpAddress v6(const Byte* bytes) {
    IpAddress a;
    a.family_ = IpFamily::kV6;
    std::memcpy(a.bytes_.data(), bytes, 16);
    return a;
  }
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  // fe80::/64 with the interface identifier of a MAC (RFC 4291, appendix A), as the kernel makes it.
  [[nodiscard]] static IpAddress link_local(const MacAddress& mac);

  [[nodiscard]] IpFamily family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == IpFamily::kV4; }
  [[nodiscard]] bool is_v6() const { return family_ == IpFamily::kV6; }
  [[nodiscard]] bool is_set() const { return family_ != IpFamily::kNone; }
  [[nodiscard]] const std::array<Byte, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return is_v4() ? 4 : is_v6() ? 16 : 0; }
  [[nodiscard]] unsigned bit_count() const { return static_cast<unsigned>(size() * 8); }
  [[nodiscard]] std::uint32_t v4_host_order() const { return load_be32(bytes_.data()); }
  [[nodiscard]] bool is_multicast() const {
    return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : is_v6() && bytes_[0] == 0xff;
  }

  // Next and previous address; wraps at the ends of the family.
  [[nodiscard]] IpAddress next() const;
  [[nodiscard]] IpAddress previous() const;
  // First and last address of the prefix of this address with `length` leading bits.
  [[nodiscard]] IpAddress network(unsigned length) const;
  [[nodiscard]] IpAddress broadcast(unsigned length) const;
  [[nodiscard]] bool is_first() const;
  [[nodiscard]] bool is_last() const;

  // Short form (RFC 5952 for IPv6).
  [[nodiscard]] std::string to_string() const;
  // As EVE writes addresses: IPv6 in full, eight groups of four digits.
  [[nodiscard]] std::string to_eve_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::kNone;
  std::array<Byte, 16> bytes_{};
};

struct IpPrefix {
  IpAddress address;  // host bits zero
  unsigned length = 0;

  // "10.0.0.0/8", "10.0.0.1" (a host); host bits are cleared.
  [[nodiscard]] static std::optional<IpPrefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& a) const {
    return a.family() == address.family() && a.network(length) == address;
  }
  [[nodiscard]] IpAddress first() const { return address; }
  [[nodiscard]] IpAddress last() const { return address.broadcast(length); }
  [[nodiscard]] std::string to_string() const { return address.to_string() + "/" + std::to_string(length); }
  auto operator<=>(const IpPrefix&) const = default;
};

// Both ends belong to the range; both of one family, first <= last.
struct IpRange {
  IpAddress first;
  IpAddress last;
  [[nodiscard]] bool contains(const IpAddress& a) const {
    return a.family() == first.family() && first <= a && a <= last;
  }
  auto operator<=>(const IpRange&) const = default;
};

}  // namespace bulkhead
