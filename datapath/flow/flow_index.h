// Hash to pool index: open addressing, linear probing, eight 8-byte slots to a cache line.
//
// Layout   slot = 32 bits of hash, 32 bits of pool index; at most half full, so that a lookup mostly
//          reads one line. Deletion shifts followers back, no tombstones.
// Thread   one worker.
// Tests    tests/unit/datapath/flow/flow_index_test.cpp
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace bulkhead::flow {

class FlowIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  explicit FlowIndex(std::size_t max_entries)
      : slots_(std::bit_ceil(max_entries < 8 ? std::size_t{16} : max_entries * 2)), mask_(slots_.size() - 1) {}

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[home(tag_of(hash))]); }

  // First entry of this hash that `matches(pool index)`, or kNone.
  template <class Matches>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Matches&& matches) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t i = home(tag); slots_[i].index != kNone; i = (i + 1) & mask_) {
      if (slots_[i].tag == tag && matches(slots_[i].index)) return slots_[i].index;
    }
    return kNone;
  }

  void insert(std::uint64_t hash, std::uint32_t index) {
    const std::uint32_t tag = tag_of(hash);
    std::size_t i = home(tag);
    while (slots_[i].index != kNone) i = (i + 1) & mask_;
    slots_[i] = {tag, index};
  }

  void erase(std::uint64_t hash, std::uint32_t index) {
    std::size_t hole = home(tag_of(hash));
    while (slots_[hole].index != index) hole = (hole + 1) & mask_;
    for (std::size_t i = (hole + 1) & mask_; slots_[i].index != kNone; i = (i + 1) & mask_) {
      // An entry may move back to the hole only if its home does not lie behind the hole.
      if (((i - home(slots_[i].tag)) & mask_) < ((i - hole) & mask_)) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {0, kNone};
  }

  [[nodiscard]] std::size_t memory_bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t index = kNone;
  };
  [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::size_t home(std::uint32_t tag) const { return tag & mask_; }

  std::vector<Slot> slots_;
  std::size_t mask_;
};

}  // namespace bulkhead::flow
