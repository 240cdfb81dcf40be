// Undoes Content-Encoding: gzip, deflate (with and without its header), LZMA, brotli, zstd, one over the other.
//
// Format   what the bytes look like decides, not the word in the header: servers and evaders mix them up.
//          Bytes that no decoder takes are passed on as they are.
// Thread   the worker owning the flow.
// Limits   layers (HttpSettings::decompress_layers); a bomb (bomb_limit, bomb_ratio) ends the decoding.
// Errors   failed(), bomb(), memory(); never throws.
// Tests    tests/unit/datapath/app/http/http_decoder_test.cpp, tests/fuzz/fuzz_http_decoder.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "datapath/app/http/http_settings.h"
#include "datapath/base/byte_reader.h"

namespace bulkhead::app::http {

enum class Coding : std::uint8_t { kGzip, kDeflate, kLzma, kBrotli, kZstd };

// Where decoded bytes go.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;
  virtual void write(ByteSpan bytes) = 0;
};

class Decoder {
 public:
  // Layers in the order in which they are undone.
  Decoder(const std::vector<Coding>& layers, const HttpSettings& settings);
  ~Decoder();

  void write(ByteSpan bytes, ByteSink& out);
  // No more input: what is held back to look at is passed on.
  void finish(ByteSink& out);

  [[nodiscard]] bool failed() const { return failed_; }  // some layer was not what it was said to be
  [[nodiscard]] bool bomb() const { return bomb_; }
  [[nodiscard]] bool memory() const { return memory_; }  // LZMA wants more than allowed

 private:
  class Layer;
  struct Next;
  void run(std::size_t layer, ByteSpan bytes, ByteSink& out);
  void count(ByteSpan bytes);

  const HttpSettings& settings_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::uint64_t in_ = 0, out_ = 0;
  bool failed_ = false, bomb_ = false, memory_ = false;
};

}  // namespace bulkhead::app::http
