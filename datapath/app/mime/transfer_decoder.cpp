#include "datapath/app/mime/transfer_decoder.h"

#include <algorithm>

namespace bulkhead::app::mime {
namespace {

constexpr std::uint8_t kNone = 255;

constexpr std::array<std::uint8_t, 256> kBase64 = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNone);
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::uint8_t i = 0; i < 64; ++i) out[static_cast<unsigned char>(kDigits[i])] = i;
  return out;
}();

// Upper case alone (RFC 2045 6.7, rule 1).
int hex_digit(Byte b) {
  if (b >= '0' && b <= '9') return b - '0';
  return b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
}

}  // namespace

void Base64Decoder::write(ByteSpan line, std::vector<Byte>& out) {
  for (const Byte b : line) {
    const std::uint8_t digit = kBase64[b];
    if (digit != kNone) {
      bits_ = bits_ << 6 | digit;
      if (++digits_ == 4) flush(out);
    } else if (b == '=' && digits_ != 0) {
      flush(out);  // the group ends; more may follow
    }
  }
}

void Base64Decoder::finish(std::vector<Byte>& out) {
  flush(out);
}

void Base64Decoder::flush(std::vector<Byte>& out) {
  const std::uint32_t all = bits_ << (6 * (4 - digits_));
  if (digits_ >= 2) out.push_back(static_cast<Byte>(all >> 16));
  if (digits_ >= 3) out.push_back(static_cast<Byte>(all >> 8));
  if (digits_ == 4) out.push_back(static_cast<Byte>(all));
  bits_ = 0;
  digits_ = 0;
}

void QuotedPrintableDecoder::write(ByteSpan piece, bool ends, std::vector<Byte>& out) {
  for (auto next = piece.begin(); next != piece.end(); ++next) {
    if (held_size_ == 0) {  // all up to the next "=" stands for itself
      const auto plain = next;
      next = std::find(next, piece.end(), Byte{'='});
      out.insert(out.end(), plain, next);
      if (next == piece.end()) break;
      held_[held_size_++] = *next;
      continue;
    }
    const Byte b = *next;
    if (held_size_ == 1) {
      held_[held_size_++] = b;
    } else {
      const int high = hex_digit(held_[1]), low = hex_digit(b);
      held_size_ = 0;
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<Byte>(high * 16 + low));
        continue;
      }
      bad_ = true;  // "=" goes, what follows it stays; it may begin anew
      for (const Byte each : {held_[1], b}) {
        if (each == '=' && held_size_ == 0) {
          held_[held_size_++] = each;
        } else if (held_size_ == 1) {
          held_[held_size_++] = each;
        } else {
          out.push_back(each);
        }
      }
    }
  }
  if (!ends) return;
  const bool soft = held_size_ == 1;
  if (held_size_ == 2) {
    bad_ = true;
    if (held_[1] != '=') out.push_back(held_[1]);
  }
  held_size_ = 0;
  if (soft) return;
  out.push_back('\r');
  out.push_back('\n');
}

}  // namespace bulkhead::app::mime
