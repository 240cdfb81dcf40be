// The payload of one datagram while its fragments arrive: bytes in place, and a sorted list of who owns which.
//
//     pieces_:  [0,1480) of #1   [1480,2000) of #2   (gap)   [2960,3100) of #3, last
//
// Thread   one worker.
// In       fragments in any order, each with its extent and whether it is the last.
// Out      bytes(): complete when complete_length() is not zero.
// Overlap  fresh_wins() of overlap_policy.h decides each shared byte.
// Limits   the caller checks extents (end <= 65,535) and memory (capacity()).
// Tests    tests/unit/datapath/defrag/fragment_buffer_test.cpp against a byte-by-byte model
#pragma once

#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/defrag/overlap_policy.h"

namespace bulkhead::defrag {

class FragmentBuffer {
 public:
  struct Inserted {
    bool overlap = false;   // it shares bytes with an earlier one
    bool owns_any = false;  // at least one of its bytes is in use
  };

  // `data` is not empty and lies at `begin` of the payload.
  Inserted insert(std::uint32_t begin, ByteSpan data, bool last, FragmentPolicy policy);

  // Length of the payload, or 0 while something is missing.
  [[nodiscard]] std::uint32_t complete_length() const;
  [[nodiscard]] ByteSpan bytes(std::uint32_t length) const { return {data_.data(), length}; }

  // Bytes held, and what they would be after a fragment that ends at `end`.
  [[nodiscard]] std::size_t capacity() const { return data_.capacity(); }
  [[nodiscard]] std::size_t capacity_for(std::uint32_t end) const;
  // Forgets the datagram; keeps the memory up to `keep_bytes`.
  void clear(std::size_t keep_bytes);

 private:
  struct Piece {
    Extent at;        // the bytes it owns
    Extent fragment;  // as it arrived
    bool last = false;
  };

  static constexpr std::uint32_t kNone = 0xffffffff;

  void grow(std::uint32_t end);
  void take(Extent at, std::uint32_t begin, ByteSpan data);
  void push(const Piece& piece);
  void splice(std::size_t first, std::size_t count);

  std::vector<Byte> data_;
  std::vector<Piece> pieces_;       // sorted, disjoint
  std::vector<Piece> scratch_;      // replacement for a run of pieces
  std::uint32_t owned_ = 0;         // bytes in pieces_
  std::uint32_t last_end_ = kNone;  // least end of a last fragment
};

}  // namespace bulkhead::defrag
