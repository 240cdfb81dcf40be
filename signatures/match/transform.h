// Applies the transforms of a rule to a buffer: to_lowercase, url_decode, to_md5 ...
//
// Thread   one runner per worker.
// Out      bytes that are valid until the next call.
// Limits   the buffers grow to the largest result and stay. pcrexform has the match limits of pcre; at a limit, and
//          when the expression does not match, the bytes stay as they are.
// Tests    tests/unit/signatures/match/transform_test.cpp
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "signatures/compile/signature.h"

struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace bulkhead::signatures {

class TransformRunner {
 public:
  TransformRunner(std::uint32_t match_limit, std::uint32_t depth_limit);
  ~TransformRunner();
  TransformRunner(const TransformRunner&) = delete;
  TransformRunner& operator=(const TransformRunner&) = delete;

  [[nodiscard]] ByteSpan apply(std::span<const Transform> transforms, ByteSpan bytes);

 private:
  // Reads `in`, writes `out`; false: the bytes stay as they are.
  bool apply_one(const Transform& transform, ByteSpan in, std::string& out);
  bool capture(const Transform& transform, ByteSpan in, std::string& out);

  std::string buffers_[2];
  std::unique_ptr<pcre2_real_match_data_8, void (*)(pcre2_real_match_data_8*)> match_data_;
  std::unique_ptr<pcre2_real_match_context_8, void (*)(pcre2_real_match_context_8*)> match_context_;
};

}  // namespace bulkhead::signatures
