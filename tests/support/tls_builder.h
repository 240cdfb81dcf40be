// TLS and SSH bytes for tests, put together message by message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::test {

inline std::string be(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}
inline std::string counted(std::string_view body, int bytes) {
  return be(body.size(), bytes) + std::string(body);
}
inline std::string numbers(const std::vector<std::uint16_t>& list) {
  std::string out;
  for (const std::uint16_t n : list) out += be(n, 2);
  return out;
}

// A record; a handshake message; an extension.
inline std::string tls_record(std::uint8_t type, std::string_view body, std::uint16_t version = 0x0303) {
  return be(type, 1) + be(version, 2) + counted(body, 2);
}
inline std::string tls_message(std::uint8_t type, std::string_view body) {
  return be(type, 1) + counted(body, 3);
}
inline std::string tls_extension(std::uint16_t type, std::string_view body) {
  return be(type, 2) + counted(body, 2);
}
inline std::string tls_sni(std::string_view name) {
  return tls_extension(0, counted(be(0, 1) + counted(name, 2), 2));
}
inline std::string tls_alpn(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += counted(name, 1);
  return tls_extension(16, counted(list, 2));
}

struct HelloParts {
  std::uint16_t version = 0x0303;
  std::string session_id;
  std::vector<std::uint16_t> ciphers{0xc02b, 0xc02f};
  std::string extensions;
  char random = 'R';
};
inline std::string client_hello_body(const HelloParts& parts) {
  return be(parts.version, 2) + std::string(32, parts.random) + counted(parts.session_id, 1) +
         counted(numbers(parts.ciphers), 2) + std::string("\1\0", 2) + counted(parts.extensions, 2);
}
inline std::string server_hello_body(const HelloParts& parts) {
  return be(parts.version, 2) + std::string(32, parts.random) + counted(parts.session_id, 1) +
         be(parts.ciphers.front(), 2) + std::string(1, '\0') + counted(parts.extensions, 2);
}
inline std::string certificates_body(const std::vector<std::string>& chain) {
  std::string list;
  for (const std::string& der : chain) list += counted(der, 3);
  return counted(list, 3);
}

// SSH: a packet, and the offer of a key exchange.
inline std::string ssh_packet(std::string_view body, std::size_t padding = 8) {
  return be(body.size() + padding + 1, 4) + be(padding, 1) + std::string(body) + std::string(padding, '\0');
}
inline std::string ssh_offer(const std::vector<std::string>& lists) {
  std::string body = be(20, 1) + std::string(16, 'c');
  for (const std::string& list : lists) body += counted(list, 4);
  return ssh_packet(body + std::string(5, '\0'));
}

}  // namespace bulkhead::test
