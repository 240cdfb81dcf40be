// Runs the payload part of a rule over one buffer: contents, regular expressions, byte tests and jumps,
// with the backtracking that relative options need.
//
// Positions are absolute: byte 0 is the first byte of the stream or packet, also when the buffer begins later.
// Thread   one per worker.
// Limits   recursion_limit steps per rule and buffer; PCRE2 match and depth limits. A rule that hits one does
//          not match; counted. No allocation but PCRE2's own stack growth.
// Errors   none; never throws.
// Tests    tests/unit/signatures/match/payload_matcher_test.cpp, tests/fuzz/fuzz_matcher.cpp (against the slow twin)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/counters.h"
#include "datapath/pipeline/shared_gate.h"
#include "signatures/compile/signature_db.h"
#include "signatures/match/transform.h"

struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

namespace bulkhead::signatures {

struct MatchLimits {
  std::uint32_t recursion = 3000;
  std::uint32_t pcre_match = 3500;
  std::uint32_t pcre_depth = 1500;
};

struct PayloadView {
  ByteSpan bytes;
  std::uint64_t begin = 0;  // stream offset of bytes[0]
  bool line_start = true;   // ^ may match at bytes[0]
};

struct PayloadCounters {
  Counter recursion_limit, pcre_limit, pcre_errors, programs, regex_runs, regex_prechecks, dataset_changes;
};

// What dataset needs beside the bytes: sets that rules change are shared by all workers.
struct SharedAccess {
  pipeline::SharedGate* gate = nullptr;  // null: nobody else is there
  std::uint64_t packet_number = 0;
};

class PayloadMatcher {
 public:
  struct Captured {
    const PcreOp::Capture* capture = nullptr;
    ByteSpan bytes;
  };

  PayloadMatcher(SignatureDbPtr db, const MatchLimits& limits);
  ~PayloadMatcher();
  PayloadMatcher(const PayloadMatcher&) = delete;
  PayloadMatcher& operator=(const PayloadMatcher&) = delete;

  void use(const SharedAccess& access) { access_ = access; }
  // Variables and captures of the rule before are gone.
  void begin(const CompiledRule& rule);
  // One program on one buffer; captures() then holds what its expressions captured, after what it held before.
  [[nodiscard]] bool matches(const PayloadProgram& program, const PayloadView& view);
  // All programs for the payload. begin() comes first.
  [[nodiscard]] bool matches(const CompiledRule& rule, const PayloadView& view);
  [[nodiscard]] const std::vector<Captured>& captures() const { return captures_; }
  [[nodiscard]] const PayloadCounters& counters() const { return counters_; }

 private:
  enum class Outcome : std::uint8_t { kMatch, kFail, kStop };  // kStop: no other place can help
  struct Range {
    std::int64_t low = 0, high = 0;
    bool impossible = false;  // lies before the buffer: neither the content nor its absence can be seen
  };
  struct Number {
    std::uint64_t value = 0;
    std::int64_t end = 0;  // position after the digits or bytes read
    std::int64_t begin = 0;
  };

  Outcome run(std::size_t index);
  Outcome step(const PayloadStep& s, std::size_t index);
  Outcome content(const PayloadStep& s, const ContentOp& op, std::size_t index);
  Outcome pcre(const PayloadStep& s, const PcreOp& op, std::size_t index);
  Outcome byte_test(const ByteTestOp& op, std::size_t index);
  Outcome byte_jump(const ByteJumpOp& op, std::size_t index);
  Outcome byte_extract(const ByteExtractOp& op, std::size_t index);
  Outcome byte_math(const ByteMathOp& op, std::size_t index);
  Outcome is_data_at(const IsDataAtOp& op, std::size_t index);
  Outcome buffer_size(const BufferSizeOp& op, std::size_t index);
  Outcome base64_decode(const Base64DecodeOp& op);
  Outcome dataset(const DatasetOp& op, std::size_t index);
  Outcome datarep(const DatarepOp& op, std::size_t index);
  Outcome asn1(const Asn1Op& op, std::size_t index);

  [[nodiscard]] Range range_of(const ContentOp& op) const;
  [[nodiscard]] std::int64_t find(const PayloadStep& s, const ContentOp& op, std::int64_t low, std::int64_t high) const;
  [[nodiscard]] std::optional<Number> read(const NumberField& field, bool may_be_empty) const;
  [[nodiscard]] std::int64_t value(const Value& v) const;
  void set_slot(std::int16_t slot, std::uint64_t number);
  [[nodiscard]] bool may_match(const Regex& regex, ByteSpan subject);
  void keep_captures(const PcreOp& op, ByteSpan subject, std::uint32_t pairs);
  [[nodiscard]] std::int64_t buffer_begin() const { return static_cast<std::int64_t>(view_.begin); }
  [[nodiscard]] std::int64_t buffer_end() const {
    return buffer_begin() + static_cast<std::int64_t>(view_.bytes.size());
  }

  [[nodiscard]] std::unique_lock<std::mutex> lock_if_shared(const Dataset& set) const;
  [[nodiscard]] std::string_view whole() const {
    return {reinterpret_cast<const char*>(view_.bytes.data()), view_.bytes.size()};
  }

  SignatureDbPtr db_;
  MatchLimits limits_;
  SharedAccess access_;
  TransformRunner transforms_;
  const CompiledRule* rule_ = nullptr;
  std::string decoded_;  // by base64_decode
  PayloadView view_;
  const PayloadProgram* program_ = nullptr;
  std::int64_t cursor_ = 0;
  std::uint32_t recursion_ = 0;
  std::vector<std::uint64_t> slots_;
  std::vector<Captured> captures_;
  HyperscanScratch scratch_;
  std::unique_ptr<pcre2_real_match_data_8, void (*)(pcre2_real_match_data_8*)> match_data_;
  std::unique_ptr<pcre2_real_match_context_8, void (*)(pcre2_real_match_context_8*)> match_context_;
  std::unique_ptr<pcre2_real_jit_stack_8, void (*)(pcre2_real_jit_stack_8*)> jit_stack_;
  PayloadCounters counters_;
};

}  // namespace bulkhead::signatures
