// DHCP messages for tests, byte by byte.
#pragma once

#include <cstdint>
#include <string>

namespace bulkhead::test {

inline std::string dhcp_option(std::uint8_t code, const std::string& value) {
  return std::string{static_cast<char>(code), static_cast<char>(value.size())} + value;
}
inline const std::string kDhcpEnd = "\xff";

struct DhcpParts {
  std::uint8_t op = 1;
  std::uint8_t hardware_length = 6;
  std::string addresses = std::string(16, '\0');  // client, assigned, next server, relay
  std::string hardware = std::string("\2\0\0\0\0\1", 6);
  std::string server_name = {}, file = {};
  std::string cookie = "\x63\x82\x53\x63";
  std::string options = {};
};

inline std::string dhcp_message(const DhcpParts& parts) {
  const auto padded = [](std::string text, std::size_t size) {
    text.resize(size);
    return text;
  };
  return std::string{static_cast<char>(parts.op), 1, static_cast<char>(parts.hardware_length), 0} + "\x11\x22\x33\x44" +
         std::string(4, '\0') + parts.addresses + padded(parts.hardware, 16) + padded(parts.server_name, 64) +
         padded(parts.file, 128) + parts.cookie + parts.options;
}

}  // namespace bulkhead::test
