// What short buffers were found to hold: methods, host names, agents and replies come again and again, and a lookup
// costs a tenth of a scan.
//
// Layout   kEntries slots of 256 bytes, one per hash (no chains); the newer content takes the slot.
// Limits   contents up to kBytes bytes with up to kHits literals; others are scanned each time. 256 KB a worker.
// Exact    the whole content is compared: equal hashes cannot hide anything.
// Thread   one per worker.
// Tests    tests/unit/signatures/match/scanner_test.cpp
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::signatures {

class ScanMemory {
 public:
  static constexpr std::size_t kEntries = 1024, kBytes = 200, kHits = 10;

  struct Entry {
    std::uint32_t db = 0;  // LiteralDb::id + 1; 0: free
    std::uint16_t size = 0;
    std::uint16_t hit_count = 0;
    std::uint64_t hash = 0;
    std::array<std::uint32_t, kHits> hits;
    std::array<Byte, kBytes> bytes;

    [[nodiscard]] bool holds(std::uint32_t id, std::uint64_t h, ByteSpan data) const {
      return db == id + 1 && hash == h && size == data.size() && std::memcmp(bytes.data(), data.data(), size) == 0;
    }
    [[nodiscard]] std::span<const std::uint32_t> found() const { return std::span(hits).first(hit_count); }
  };

  ScanMemory() : entries_(kEntries) {}

  [[nodiscard]] static bool fits(ByteSpan data) { return !data.empty() && data.size() <= kBytes; }
  [[nodiscard]] static std::uint64_t hash_of(std::uint32_t db, ByteSpan data) {
    std::uint64_t h = (db + 1) * kOdd ^ data.size();
    std::size_t i = 0;
    for (; i + 8 <= data.size(); i += 8) h = mix(h, load(data.data() + i, 8));
    if (i < data.size()) h = mix(h, load(data.data() + i, data.size() - i));
    return h ^ (h >> 29);
  }
  [[nodiscard]] Entry& at(std::uint64_t hash) { return entries_[hash % kEntries]; }

  static void keep(Entry& entry, std::uint32_t db, std::uint64_t hash, ByteSpan data,
                   const std::vector<std::uint32_t>& hits) {
    if (hits.size() > kHits) return;
    entry.db = db + 1;
    entry.size = static_cast<std::uint16_t>(data.size());
    entry.hash = hash;
    entry.hit_count = static_cast<std::uint16_t>(hits.size());
    std::copy(hits.begin(), hits.end(), entry.hits.begin());
    std::memcpy(entry.bytes.data(), data.data(), data.size());
  }

 private:
  static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;

  static std::uint64_t load(const Byte* p, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, size);
    return word;
  }
  static std::uint64_t mix(std::uint64_t h, std::uint64_t word) {
    h = (h ^ word) * kOdd;
    return h ^ (h >> 32);
  }

  std::vector<Entry> entries_;
};

}  // namespace bulkhead::signatures
