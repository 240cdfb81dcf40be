// A mail's content (RFC 5322, RFC 2045 to 2049): header, nested parts, attachments, URLs.
//
//   message           multipart/mixed; boundary=B     one entity on the stack, the root
//     --B               part                          a second one while its lines come
//       --C               part of a multipart inside
//     --B
//       message/rfc822    a mail inside a mail
//     --B--
//
// Thread   the worker owning the flow.
// In       lines in order, without their ends; a line too long to hold comes in pieces.
// Out      attachments through MimeSink; fields of the outermost header; URLs; names of attachments.
// Limits   depth 32, 512 fields of a header, header_value_depth bytes of each, boundary 254, file name 255, 512 parts
//          that are remembered. What goes beyond is named by an anomaly or not kept.
// Errors   MimeAnomaly; failed() after a boundary that is too long, everything behind it is ignored.
// Tests    tests/unit/datapath/app/mime/mime_parser_test.cpp, tests/golden/smtp/
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/file.h"
#include "datapath/app/mime/mime_header.h"
#include "datapath/app/mime/mime_settings.h"
#include "datapath/app/mime/transfer_decoder.h"
#include "datapath/app/mime/url_finder.h"
#include "datapath/base/byte_reader.h"

namespace bulkhead::app::mime {

enum class MimeAnomaly : std::uint8_t {
  kInvalidQuotedPrintable,
  kLongHeaderName,
  kLongHeaderValue,
  kLongLine,
  kLongEncodedLine,
  kMalformed,  // ends inside of a part
  kLongBoundary,
  kLongFileName,
  kCount
};

class MimeSink {
 public:
  MimeSink() = default;
  MimeSink(const MimeSink&) = delete;
  MimeSink& operator=(const MimeSink&) = delete;
  virtual ~MimeSink() = default;
  virtual void begin_file(std::string_view name) = 0;
  virtual void file_bytes(ByteSpan bytes) = 0;
  virtual void end_file() = 0;
};

// One part, as far as records tell of it.
struct PartNote {
  bool attachment = false;
  std::string file_name;
  std::vector<std::string> urls;  // in order of appearance
};

class MimeParser {
 public:
  explicit MimeParser(const MimeSettings& settings);

  // One line, or with ends == false a piece of one whose end comes later. `delimiter`: the bytes that ended it.
  void line(ByteSpan text, std::string_view delimiter, bool ends, MimeSink& out);
  // The mail is whole.
  void finish(MimeSink& out);

  [[nodiscard]] bool failed() const { return state_ == State::kError; }
  [[nodiscard]] std::string_view status() const;                              // EVE email.status
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }  // of the outermost header
  [[nodiscard]] const PartNote& root() const { return root_note_; }
  [[nodiscard]] const std::vector<PartNote>& parts() const { return parts_; }     // all others, as they ended
  [[nodiscard]] const std::string& body_md5() const { return body_hash_.md5(); }  // raw; empty until finish()
  // Those that occurred since the last call, as bits by MimeAnomaly.
  [[nodiscard]] std::uint32_t take_anomalies();

 private:
  enum class State : std::uint8_t { kHeaderReady, kHeaderStarted, kHeaderDone, kBodyStarted, kBodyEnd, kDone, kError };
  enum class Coding : std::uint8_t { kPlain, kBase64, kQuotedPrintable };
  struct Entity {
    std::string type, disposition, encoding, boundary;
    bool has_boundary = false, text = false, holds_mail = false, in_file = false;
    Coding coding = Coding::kPlain;
    Base64Decoder base64;
    QuotedPrintableDecoder quoted;
    UrlFinder urls;
    std::string pending_end;  // the end of the line before: not part of the content if a boundary follows
    PartNote note;
  };

  void note(MimeAnomaly a) { anomalies_ |= 1U << static_cast<unsigned>(a); }
  void header_piece(ByteSpan text, bool ends, MimeSink& out);
  void header_line(std::string_view line, MimeSink& out);
  void end_field();
  void end_header(MimeSink& out);
  void push();
  void pop(MimeSink& out);
  bool boundary(std::string_view line, MimeSink& out);
  void body_line(ByteSpan text, std::string_view delimiter, bool ends, MimeSink& out);
  void content(Entity& entity, ByteSpan bytes, MimeSink& out);
  [[nodiscard]] Entity& top() { return *stack_.back(); }

  const MimeSettings& settings_;
  State state_ = State::kHeaderReady;
  std::vector<std::unique_ptr<Entity>> stack_;
  std::vector<Field> fields_;
  PartNote root_note_;
  std::vector<PartNote> parts_;
  FileHashes body_hash_;
  std::string held_;          // pieces of a header's line
  std::string name_, value_;  // the field in hand
  bool has_field_ = false, in_root_header_ = true, at_line_start_ = true, cut_ = false;
  std::size_t line_size_ = 0;
  std::uint32_t anomalies_ = 0;
  std::vector<Byte> scratch_;
};

}  // namespace bulkhead::app::mime
