// Netlink attributes (RFC 3549, linux/netlink.h): a writer into one buffer and a checked reader.
//
//   | length 16 | type 16 | value ... | padding to 4 |    length counts header and value, host order;
//   nested attributes are values again; netfilter's numbers are in network byte order, rtnetlink's
//   in the host's.
//
// Thread   value types, no sharing.
// Limits   a value of 65531 bytes; the writer's close() answers false beyond.
// Errors   the reader stops at the first attribute that does not fit and sets broken().
// Tests    tests/unit/datapath/netlink/attributes_test.cpp, tests/fuzz/fuzz_nft_codec.cpp
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::netlink {

class AttributeWriter {
 public:
  explicit AttributeWriter(std::vector<Byte>& out) : out_(out) {}

  void bytes(std::uint16_t type, const void* data, std::size_t size) {
    header(type, size);
    const auto* p = static_cast<const Byte*>(data);
    out_.insert(out_.end(), p, p + size);
    pad();
  }
  void bytes(std::uint16_t type, const std::vector<Byte>& data) { bytes(type, data.data(), data.size()); }
  void text(std::uint16_t type, const std::string& value) { bytes(type, value.c_str(), value.size() + 1); }
  void be16(std::uint16_t type, std::uint16_t value) {
    Byte b[2];
    store_be16(b, value);
    bytes(type, b, sizeof b);
  }
  void be32(std::uint16_t type, std::uint32_t value) {
    Byte b[4];
    store_be32(b, value);
    bytes(type, b, sizeof b);
  }
  void be64(std::uint16_t type, std::uint64_t value) {
    Byte b[8];
    store_be32(b, static_cast<std::uint32_t>(value >> 32));
    store_be32(b + 4, static_cast<std::uint32_t>(value));
    bytes(type, b, sizeof b);
  }
  void u8(std::uint16_t type, std::uint8_t value) { bytes(type, &value, 1); }
  void u32(std::uint16_t type, std::uint32_t value) { bytes(type, &value, sizeof value); }  // host order

  // Opens a nested attribute; give the answer to close().
  [[nodiscard]] std::size_t open(std::uint16_t type) {
    const std::size_t at = out_.size();
    header(static_cast<std::uint16_t>(type | 0x8000), 0);
    return at;
  }
  // false: the nest is longer than an attribute can be; the message is useless then.
  bool close(std::size_t at) {
    const std::size_t length = out_.size() - at;
    const auto value = static_cast<std::uint16_t>(length);
    std::memcpy(&out_[at], &value, sizeof value);
    return length <= 0xffff;
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }

 private:
  void header(std::uint16_t type, std::size_t size) {
    const std::uint16_t head[2] = {static_cast<std::uint16_t>(size + 4), type};
    const auto* p = reinterpret_cast<const Byte*>(head);
    out_.insert(out_.end(), p, p + sizeof head);
  }
  void pad() { out_.resize((out_.size() + 3) & ~std::size_t{3}); }

  std::vector<Byte>& out_;
};

struct Attribute {
  std::uint16_t type = 0;  // without the nested and byte order flags
  ByteSpan value;

  // Zero when the value is too short.
  [[nodiscard]] std::uint8_t u8() const { return value.empty() ? std::uint8_t{0} : value[0]; }
  [[nodiscard]] std::uint16_t be16() const { return value.size() < 2 ? std::uint16_t{0} : load_be16(value.data()); }
  [[nodiscard]] std::uint32_t be32() const { return value.size() < 4 ? 0 : load_be32(value.data()); }
  [[nodiscard]] std::uint64_t be64() const { return value.size() < 8 ? 0 : load_be64(value.data()); }
  [[nodiscard]] std::uint32_t u32() const {  // host order
    std::uint32_t out = 0;
    if (value.size() >= sizeof out) std::memcpy(&out, value.data(), sizeof out);
    return out;
  }
  // Up to the first zero byte.
  [[nodiscard]] std::string text() const {
    const std::string_view all(reinterpret_cast<const char*>(value.data()), value.size());
    return std::string(all.substr(0, all.find('\0')));
  }
  [[nodiscard]] std::vector<Byte> copy() const { return {value.begin(), value.end()}; }
};

class AttributeReader {
 public:
  explicit AttributeReader(ByteSpan bytes) : rest_(bytes) {}

  bool next(Attribute& out) {
    if (rest_.empty()) return false;
    std::uint16_t head[2] = {0, 0};
    if (rest_.size() >= sizeof head) std::memcpy(head, rest_.data(), sizeof head);
    if (head[0] < sizeof head || head[0] > rest_.size()) {
      broken_ = true;
      return false;
    }
    out.type = head[1] & 0x3fff;
    out.value = rest_.subspan(sizeof head, head[0] - sizeof head);
    const std::size_t step = (std::size_t{head[0]} + 3) & ~std::size_t{3};
    rest_ = rest_.subspan(std::min(step, rest_.size()));
    return true;
  }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  ByteSpan rest_;
  bool broken_ = false;
};

// The first attribute of a type, or an empty one.
[[nodiscard]] inline Attribute find_attribute(ByteSpan bytes, std::uint16_t type) {
  AttributeReader reader(bytes);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (attribute.type == type) return attribute;
  }
  return {};
}

}  // namespace bulkhead::netlink
