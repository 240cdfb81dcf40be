// gRPC over HTTP/2: the messages of one direction, found in the bytes of DATA frames.
//
//   compressed 1 | length 4 | message
//
// Thread   the worker owning the flow.
// Limits   kMaxLengths lengths are kept; messages are counted and not kept.
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

class GrpcMessages {
 public:
  static constexpr std::size_t kMaxLengths = 64;

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
};

// "/package.Service/Method"; false: another path.
[[nodiscard]] bool split_grpc_path(std::string_view path, std::string& service, std::string& method);

}  // namespace bulkhead::app::http2
