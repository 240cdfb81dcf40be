#include "datapath/base/text_encoding.h"

#include <charconv>
#include <cstdint>
#include <cstring>

namespace bulkhead {

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Length of the UTF-8 sequence at the front of `bytes`, 0 when it is malformed.
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const auto is_tail = [&](std::size_t i) { return i < bytes.size() && (at(i) & 0xc0) == 0x80; };
  const std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return is_tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!is_tail(1) || !is_tail(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;   // overlong
    if (first == 0xed && at(1) >= 0xa0) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!is_tail(1) || !is_tail(2) || !is_tail(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;   // overlong
    if (first == 0xf4 && at(1) >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    // Eight ASCII bytes at a time.
    while (bytes.size() >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), 8);
      if ((word & 0x8080808080808080ULL) != 0) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) break;
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      const char escape[] = {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      out.append(escape, sizeof escape);
    }
  }
}

void append_printable(std::string& out, std::string_view bytes) {
  const std::size_t begin = out.size();
  out.append(bytes);
  for (std::size_t i = begin; i < out.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(out[i]);
    if ((byte < 0x20 || byte > 0x7e) && byte != '\r' && byte != '\n') out[i] = '.';
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])); };
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + begin;
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    *to++ = kBase64[group >> 18];
    *to++ = kBase64[group >> 12 & 63];
    *to++ = kBase64[group >> 6 & 63];
    *to++ = kBase64[group & 63];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  *to++ = kBase64[group >> 18];
  *to++ = kBase64[group >> 12 & 63];
  *to++ = left == 2 ? kBase64[group >> 6 & 63] : '=';
  *to++ = '=';
}

AddressText::AddressText(const IpAddress& address) {
  char* out = text_;
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) *out++ = '.';
      out = std::to_chars(out, text_ + sizeof text_, bytes[i]).ptr;
    }
  } else if (address.is_v6()) {
    for (std::size_t i = 0; i < 16; ++i) {
      if (i != 0 && i % 2 == 0) *out++ = ':';
      *out++ = kHex[bytes[i] >> 4];
      *out++ = kHex[bytes[i] & 15];
    }
  }
  length_ = static_cast<std::size_t>(out - text_);
}

}  // namespace bulkhead
