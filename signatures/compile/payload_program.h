// The payload options of one rule in executable form: which step may be tried again at another place,
// which failure ends the search, and how each pattern is looked for.
//
// Thread   built on the control thread, immutable afterwards.
// Lifetime borrows the PayloadOps of the Signature: keep the SignatureList while using the programs.
// Retry    a step is tried at its next occurrence only when a later step reads what it leaves behind (the
//          cursor or a variable). Where nothing from a step on depends on anything before it (`cut`), its failure is
//          final.
// Tests    tests/unit/signatures/compile/compiler_test.cpp, tests/unit/signatures/match/payload_matcher_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

// Same order as the alternatives of PayloadOp.
enum class OpKind : std::uint8_t {
  kContent,
  kPcre,
  kByteTest,
  kByteJump,
  kByteExtract,
  kByteMath,
  kIsDataAt,
  kBufferSize,
  kBase64Decode,
  kDataset,
  kDatarep,
  kAsn1
};

struct PayloadStep {
  OpKind kind = OpKind::kContent;
  bool retry = false;
  bool cut = false;
  std::uint16_t anchor = 0;      // content without case: the position of the byte that is searched for
  const Regex* regex = nullptr;  // pcre
  const PayloadOp* op = nullptr;
};

struct PayloadProgram {
  BufferId buffer = BufferId::kPayload;
  std::vector<PayloadStep> steps;
  std::span<const Transform> transforms;  // of the signature
};

[[nodiscard]] PayloadProgram compile_payload(const BufferProgram& buffer);

}  // namespace bulkhead::signatures
