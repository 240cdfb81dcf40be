// FNV-1a, 64 bits: names for content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "datapath/base/big_endian.h"

namespace bulkhead::rules {

class ContentHash {
 public:
  void add(const void* data, std::size_t size) {
    const auto* p = static_cast<const Byte*>(data);
    for (std::size_t i = 0; i < size; ++i) hash_ = (hash_ ^ p[i]) * 0x100000001b3ULL;
  }
  void add(const std::string& text) { add(text.c_str(), text.size() + 1); }
  // 16 digits.
  [[nodiscard]] std::string text() const {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += kHex[(hash_ >> shift) & 15];
    return out;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace bulkhead::rules
