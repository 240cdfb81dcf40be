// Content-Transfer-Encoding of a mail's part (RFC 2045 6): base64 and quoted-printable, fed line by line.
//
// Thread   the worker owning the flow.
// In       the text of one line, or a piece of a line too long to hold.  Out  appended to the caller's buffer.
// Errors   what does not belong to the encoding is left out, as mail clients do; bad() tells of it.
// Tests    tests/unit/datapath/app/mime/transfer_decoder_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::mime {

class Base64Decoder {
 public:
  void write(ByteSpan line, std::vector<Byte>& out);
  // The digits of a last group that is not whole.
  void finish(std::vector<Byte>& out);

 private:
  void flush(std::vector<Byte>& out);
  std::uint32_t bits_ = 0;
  std::uint8_t digits_ = 0;  // of the group in hand
};

class QuotedPrintableDecoder {
 public:
  // `ends`: the line is whole and gets its end (CRLF), unless "=" is its last byte.
  void write(ByteSpan piece, bool ends, std::vector<Byte>& out);
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  std::array<Byte, 2> held_{};  // "=" or "=X" at the end of a piece
  std::uint8_t held_size_ = 0;
  bool bad_ = false;
};

}  // namespace bulkhead::app::mime
