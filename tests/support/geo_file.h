// A database in MaxMind's format with two networks, for tests: 10.0.0.0/8 is DE, 10.128.0.0/9 is AT.
//
// Layout   search tree of 24-bit records for IPv4, 16 zero bytes, data section, marker and metadata map
//          (MaxMind DB File Format Specification 2.0).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::test {

class GeoFile {
 public:
  [[nodiscard]] static std::string bytes() {
    const std::string austria = country("AT"), germany = country("DE");
    // Nodes 0 to 7 follow the bits of 10 (00001010); node 8 decides the first bit behind them.
    constexpr std::uint32_t kNodes = 9;
    const std::uint32_t nothing = kNodes;
    const std::uint32_t first = kNodes + 16;  // data at offset 0
    std::string out;
    for (unsigned depth = 0; depth < 8; ++depth) {
      const bool bit = (10U >> (7 - depth) & 1) != 0;
      const std::uint32_t next = depth + 1;
      record(out, bit ? nothing : next);
      record(out, bit ? next : nothing);
    }
    record(out, first);                                               // 10.0.0.0/9
    record(out, first + static_cast<std::uint32_t>(germany.size()));  // 10.128.0.0/9
    out += std::string(16, '\0') + germany + austria;
    out += "\xab\xcd\xefMaxMind.com";
    out += static_cast<char>(0xe0 | 9);
    field(out, "node_count", number(6, kNodes));
    field(out, "record_size", number(5, 24));
    field(out, "ip_version", number(5, 4));
    field(out, "database_type", text("test"));
    field(out, "binary_format_major_version", number(5, 2));
    field(out, "binary_format_minor_version", number(5, 0));
    field(out, "build_epoch", std::string("\x04\x02\0\0\0\1", 6));  // extended type 9, 64 bits
    field(out, "languages", std::string("\x00\x04", 2));            // extended type 11, an empty array
    field(out, "description", std::string(1, static_cast<char>(0xe0)));
    return out;
  }

 private:
  static void record(std::string& out, std::uint32_t value) {
    for (const int shift : {16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
  }
  static std::string text(const std::string& value) {
    return static_cast<char>(0x40 | value.size()) + value;  // shorter than 29 bytes
  }
  // Types 5 (16 bits) and 6 (32 bits).
  static std::string number(unsigned type, std::uint32_t value) {
    std::string digits;
    for (; value != 0; value >>= 8) digits.insert(digits.begin(), static_cast<char>(value & 0xff));
    return static_cast<char>(type << 5 | digits.size()) + digits;
  }
  static void field(std::string& out, const std::string& name, const std::string& value) { out += text(name) + value; }
  static std::string country(const std::string& code) {
    return std::string(1, static_cast<char>(0xe1)) + text("country") + std::string(1, static_cast<char>(0xe1)) +
           text("iso_code") + text(code);
  }
};

}  // namespace bulkhead::test
