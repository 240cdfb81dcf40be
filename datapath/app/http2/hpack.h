// Header compression of HTTP/2 (RFC 7541), the receiving side: static and dynamic table, integers, Huffman codes.
//
// Thread   the worker owning the flow; one decoder per direction.
// In       a whole header block.
// Limits   max_table bytes of dynamic table, max_list bytes of names and values of a block: beyond it fields are
// decoded,
//          so that the table stays right, and not handed out.
// Errors   HpackResult; after anything but kOk the table cannot be trusted and further blocks are refused.
// Tests    tests/unit/datapath/app/http2/hpack_test.cpp, tests/fuzz/fuzz_http2.cpp
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::http2 {

struct HeaderField {
  std::string name, value;
  bool size_update = false;  // no field: the table's size was changed to `size`
  std::uint64_t size = 0;
};

enum class HpackResult : std::uint8_t { kOk, kTruncated, kIntegerOverflow, kBadIndex, kBadHuffman, kBadTableSize };

class HpackDecoder {
 public:
  HpackDecoder(std::size_t max_table, std::size_t max_list) : limit_(max_table), max_list_(max_list) {}

  // Appends the block's fields. `too_long`: some were left out for their size.
  HpackResult decode(ByteSpan block, std::vector<HeaderField>& out, bool& too_long);
  [[nodiscard]] std::size_t table_bytes() const { return bytes_; }
  [[nodiscard]] std::size_t table_entries() const { return table_.size(); }

 private:
  struct Entry {
    std::string name, value;
  };
  struct Cursor;
  HpackResult field(Cursor& in, HeaderField& out);
  HpackResult literal(Cursor& in, unsigned prefix, HeaderField& out);
  bool look_up(std::uint64_t index, bool with_value, HeaderField& out) const;
  void insert(const HeaderField& field);
  void evict(std::size_t room);

  std::deque<Entry> table_;  // newest first
  std::size_t bytes_ = 0;    // as RFC 7541 4.1 counts
  std::size_t size_ = 4096;  // what the sender has set
  std::size_t limit_, max_list_;
  bool broken_ = false;
};

// Huffman text (RFC 7541 5.2); false: no such code, or wrong padding.
[[nodiscard]] bool decode_huffman(ByteSpan bytes, std::string& out);

}  // namespace bulkhead::app::http2
