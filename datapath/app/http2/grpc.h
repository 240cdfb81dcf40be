// gRPC over HTTP/2: the messages of one direction, found in the bytes of DATA frames.
//
//   compressed 1 | length 4 | message
//
// Thread   the worker owning the flow.
// Limits   kMaxLengths lengths are kept; messages are counted and, unless somebody reads them, not kept; kMaxShown
//          bytes of each are shown to who does.
// Source   https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
// Tests    tests/unit/datapath/app/http2/grpc_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::http2 {

// Reads messages of a call.
class GrpcReader {
 public:
  GrpcReader() = default;
  GrpcReader(const GrpcReader&) = delete;
  GrpcReader& operator=(const GrpcReader&) = delete;
  virtual ~GrpcReader() = default;
  // A message that was not compressed, cut at kMaxShown.
  virtual void message(ByteSpan shown) = 0;
};

class GrpcMessages {
 public:
  static constexpr std::size_t kMaxLengths = 64, kMaxShown = 8192;

  // `reader` outlives this; null: nobody.
  explicit GrpcMessages(GrpcReader* reader = nullptr) : reader_(reader) {}

  void write(ByteSpan bytes);
  void lose() { lost_ = true; }  // a gap: where messages begin is not known any more

  [[nodiscard]] std::uint64_t count() const { return count_; }  // that have begun
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // of all messages
  [[nodiscard]] const std::vector<std::uint32_t>& lengths() const { return lengths_; }
  [[nodiscard]] bool compressed() const { return compressed_; }

 private:
  std::array<Byte, 5> prefix_{};
  std::size_t have_ = 0;
  std::uint32_t left_ = 0;
  std::uint64_t count_ = 0, bytes_ = 0;
  std::vector<std::uint32_t> lengths_;
  bool compressed_ = false, lost_ = false;
  GrpcReader* reader_;
  std::vector<Byte> shown_;  // of the message that is coming in
  bool shown_done_ = false;

  void show();
};

// "/package.Service/Method"; false: another path.
[[nodiscard]] bool split_grpc_path(std::string_view path, std::string& service, std::string& method);

}  // namespace bulkhead::app::http2
