#include "datapath/app/http2/hpack.h"

#include <array>
#include <cstddef>

namespace bulkhead::app::http2 {

namespace {

struct StaticEntry {
  std::string_view name, value;
};
constexpr StaticEntry kStatic[] = {
#define X(name, value) {name, value},
#include "datapath/app/http2/hpack_static_table.def"
#undef X
};
constexpr std::size_t kStaticCount = std::size(kStatic);
constexpr std::size_t kEntryOverhead = 32;  // RFC 7541 4.1

// --- Huffman codes ---

struct Code {
  std::uint32_t code;
  std::uint8_t bits;
};
constexpr std::array<Code, 257> kCodes = {{
#define X(code, bits) {code, bits},
#include "datapath/app/http2/hpack_huffman.def"
#undef X
}};
constexpr unsigned kMaxBits = 30, kFastBits = 9, kEnd = 256;

// Codes of one length are consecutive and rise with the symbol, so that a code of `bits` is known by its distance
// from the first one. Short ones are looked up by the next nine bits at once.
struct Tables {
  struct Fast {
    std::uint8_t symbol = 0, bits = 0;  // 0: longer than nine bits
  };
  std::array<Fast, 1U << kFastBits> fast{};
  std::array<std::uint32_t, kMaxBits + 1> first{}, count{};
  std::array<std::uint16_t, kMaxBits + 2> offset{};
  std::array<std::uint16_t, 257> symbols{};

  constexpr Tables() {
    for (const Code& code : kCodes) ++count[code.bits];
    std::uint16_t next = 0;
    for (unsigned bits = 0; bits <= kMaxBits; ++bits) {
      offset[bits] = next;
      bool seen = false;
      for (std::size_t symbol = 0; symbol < kCodes.size(); ++symbol) {
        if (kCodes[symbol].bits != bits) continue;
        if (!seen) first[bits] = kCodes[symbol].code;
        seen = true;
        symbols[next++] = static_cast<std::uint16_t>(symbol);
      }
    }
    for (std::size_t symbol = 0; symbol < kEnd; ++symbol) {
      const Code& code = kCodes[symbol];
      if (code.bits > kFastBits) continue;
      const unsigned free = kFastBits - code.bits;
      for (std::uint32_t rest = 0; rest < (1U << free); ++rest) {
        fast[(code.code << free) | rest] = {static_cast<std::uint8_t>(symbol), code.bits};
      }
    }
  }
};
constexpr Tables kTables;

}  // namespace

bool decode_huffman(ByteSpan bytes, std::string& out) {
  std::uint64_t held = 0;  // the low `bits` bits have not been decoded
  unsigned bits = 0;
  std::size_t at = 0;
  out.reserve(out.size() + bytes.size() * 8 / 5);
  for (;;) {
    while (bits <= 56 && at < bytes.size()) {
      held = (held << 8) | bytes[at++];
      bits += 8;
    }
    if (bits == 0) return true;
    const std::uint32_t peek =
        static_cast<std::uint32_t>(bits >= kFastBits ? held >> (bits - kFastBits) : held << (kFastBits - bits)) &
        ((1U << kFastBits) - 1);
    const Tables::Fast& fast = kTables.fast[peek];
    if (fast.bits != 0 && fast.bits <= bits) {
      out += static_cast<char>(fast.symbol);
      bits -= fast.bits;
      continue;
    }
    bool found = false;
    for (unsigned length = kFastBits + 1; length <= kMaxBits && length <= bits; ++length) {
      const auto code = static_cast<std::uint32_t>((held >> (bits - length)) & ((1ULL << length) - 1));
      if (kTables.count[length] == 0 || code < kTables.first[length] ||
          code - kTables.first[length] >= kTables.count[length]) {
        continue;
      }
      const std::uint16_t symbol = kTables.symbols[kTables.offset[length] + (code - kTables.first[length])];
      if (symbol == kEnd) return false;
      out += static_cast<char>(symbol);
      bits -= length;
      found = true;
      break;
    }
    if (found) continue;
    // What is left is padding: less than a byte of ones.
    return at == bytes.size() && bits < 8 && (held & ((1U << bits) - 1)) == (1U << bits) - 1;
  }
}

// --- the block ---

struct HpackDecoder::Cursor {
  ByteSpan bytes;
  std::size_t at = 0;
  bool store = true;  // false: names and values need not be copied unless the table wants them

  [[nodiscard]] bool at_end() const { return at >= bytes.size(); }

  // RFC 7541 5.1
  HpackResult integer(unsigned prefix, std::uint64_t& out) {
    if (at_end()) return HpackResult::kTruncated;
    const std::uint64_t mask = (1U << prefix) - 1;
    out = bytes[at++] & mask;
    if (out < mask) return HpackResult::kOk;
    for (unsigned shift = 0; shift <= 28; shift += 7) {
      if (at_end()) return HpackResult::kTruncated;
      const std::uint8_t byte = bytes[at++];
      out += std::uint64_t{byte & 0x7FU} << shift;
      if (out > UINT32_MAX) return HpackResult::kIntegerOverflow;
      if ((byte & 0x80) == 0) return HpackResult::kOk;
    }
    return HpackResult::kIntegerOverflow;
  }

  // RFC 7541 5.2
  HpackResult text(std::string& out) {
    if (at_end()) return HpackResult::kTruncated;
    const bool huffman = (bytes[at] & 0x80) != 0;
    std::uint64_t length = 0;
    if (const HpackResult result = integer(7, length); result != HpackResult::kOk) return result;
    if (length > bytes.size() - at) return HpackResult::kTruncated;
    const ByteSpan raw = bytes.subspan(at, length);
    at += length;
    if (huffman) return decode_huffman(raw, out) ? HpackResult::kOk : HpackResult::kBadHuffman;
    out.assign(reinterpret_cast<const char*>(raw.data()), raw.size());
    return HpackResult::kOk;
  }
};

HpackResult HpackDecoder::decode(ByteSpan block, std::vector<HeaderField>& out, bool& too_long) {
  if (broken_) return HpackResult::kBadIndex;
  Cursor in{block};
  std::size_t listed = 0;
  while (!in.at_end()) {
    HeaderField next;
    in.store = listed < max_list_;
    if (const HpackResult result = field(in, next); result != HpackResult::kOk) {
      broken_ = true;
      return result;
    }
    const std::size_t size = next.name.size() + next.value.size() + kEntryOverhead;
    if (!in.store || listed + size > max_list_) {
      listed = max_list_;
      too_long = true;
      continue;
    }
    listed += size;
    out.push_back(std::move(next));
  }
  return HpackResult::kOk;
}

HpackResult HpackDecoder::field(Cursor& in, HeaderField& out) {
  const std::uint8_t first = in.bytes[in.at];
  if ((first & 0x80) != 0) {  // indexed field
    std::uint64_t index = 0;
    if (const HpackResult result = in.integer(7, index); result != HpackResult::kOk) return result;
    if (!in.store)
      return index != 0 && index <= kStaticCount + table_.size() ? HpackResult::kOk : HpackResult::kBadIndex;
    return look_up(index, true, out) ? HpackResult::kOk : HpackResult::kBadIndex;
  }
  if ((first & 0xC0) == 0x40) {  // literal that enters the table
    if (const HpackResult result = literal(in, 6, out); result != HpackResult::kOk) return result;
    insert(out);
    return HpackResult::kOk;
  }
  if ((first & 0xE0) == 0x20) {  // change of the table's size
    if (const HpackResult result = in.integer(5, out.size); result != HpackResult::kOk) return result;
    out.size_update = true;
    if (out.size > limit_) return HpackResult::kBadTableSize;
    size_ = static_cast<std::size_t>(out.size);
    evict(0);
    return HpackResult::kOk;
  }
  return literal(in, 4, out);  // literal that does not
}

HpackResult HpackDecoder::literal(Cursor& in, unsigned prefix, HeaderField& out) {
  std::uint64_t index = 0;
  if (const HpackResult result = in.integer(prefix, index); result != HpackResult::kOk) return result;
  if (index == 0) {
    if (const HpackResult result = in.text(out.name); result != HpackResult::kOk) return result;
  } else if (!look_up(index, false, out)) {
    return HpackResult::kBadIndex;
  }
  return in.text(out.value);
}

bool HpackDecoder::look_up(std::uint64_t index, bool with_value, HeaderField& out) const {
  if (index == 0) return false;
  if (index <= kStaticCount) {
    out.name = kStatic[index - 1].name;
    if (with_value) out.value = kStatic[index - 1].value;
    return true;
  }
  index -= kStaticCount + 1;
  if (index >= table_.size()) return false;
  const Entry& entry = table_[static_cast<std::size_t>(index)];
  out.name = entry.name;
  if (with_value) out.value = entry.value;
  return true;
}

void HpackDecoder::insert(const HeaderField& field) {
  const std::size_t size = field.name.size() + field.value.size() + kEntryOverhead;
  evict(size);
  if (size > size_) return;  // larger than the table: it is empty now, which is no error
  table_.push_front({field.name, field.value});
  bytes_ += size;
}

void HpackDecoder::evict(std::size_t room) {
  while (!table_.empty() && bytes_ + room > size_) {
    bytes_ -= table_.back().name.size() + table_.back().value.size() + kEntryOverhead;
    table_.pop_back();
  }
}

}  // namespace bulkhead::app::http2
