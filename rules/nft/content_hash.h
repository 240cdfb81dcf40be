// Names for content, by its hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "datapath/base/text_hash.h"

namespace bulkhead::rules {

class ContentHash {
 public:
  void add(const void* data, std::size_t size) { hash_ = text_hash({static_cast<const char*>(data), size}, hash_); }
  void add(const std::string& text) { add(text.c_str(), text.size() + 1); }
  // 16 digits.
  [[nodiscard]] std::string text() const {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += kHex[(hash_ >> shift) & 15];
    return out;
  }

 private:
  std::uint64_t hash_ = kTextHashStart;
};

}  // namespace bulkhead::rules
