// multipart/form-data (RFC 7578): the files in a request body.
//
// In       body bytes in any pieces. Out  for each part with a file name: begin, data, end.
// Limits   boundary 200 bytes, a part's headers 8 KB; at most a boundary's length of data is held back.
// Errors   bad_header(), failed(); never throws.
// Tests    tests/unit/datapath/app/http/http_multipart_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::http {

class MultipartSink {
 public:
  MultipartSink() = default;
  MultipartSink(const MultipartSink&) = delete;
  MultipartSink& operator=(const MultipartSink&) = delete;
  virtual ~MultipartSink() = default;
  virtual void begin_file(std::string_view name) = 0;
  virtual void file_bytes(ByteSpan bytes) = 0;
  virtual void end_file(bool whole) = 0;
};

// The boundary that Content-Type names; empty: not multipart/form-data, or malformed.
[[nodiscard]] std::string multipart_boundary(std::string_view content_type);
// The value of a parameter such as filename="x" in a header; empty: not there.
[[nodiscard]] std::string header_parameter(std::string_view value, std::string_view name);

class Multipart {
 public:
  explicit Multipart(std::string boundary) : delimiter_("--" + std::move(boundary)) {}
  void write(ByteSpan bytes, MultipartSink& out);
  void finish(MultipartSink& out);
  [[nodiscard]] bool bad_header() const { return bad_header_; }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  enum class State : std::uint8_t { kPreamble, kHeaders, kData, kDone };
  bool step(MultipartSink& out);
  bool headers(MultipartSink& out);
  bool data(MultipartSink& out);

  std::string delimiter_;
  std::string held_;
  State state_ = State::kPreamble;
  bool data_begins_ = false;  // nothing of the part has been passed on
  bool in_file_ = false, bad_header_ = false, failed_ = false;
};

}  // namespace bulkhead::app::http
