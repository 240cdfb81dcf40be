// Walks BER elements (X.690) and looks for what the asn1 keyword names.
//
//   bitstring_overflow   a BIT STRING that claims more unused bits than it has
//   double_overflow      a REAL in decimal form longer than 256 bytes
//   oversize_length N    an element longer than N bytes
//
// Thread   pure function; no allocation.
// Limits   256 elements and 32 levels; what comes after is not looked at.
// Tests    tests/unit/signatures/match/ber_check_test.cpp
#pragma once

#include "datapath/base/byte_reader.h"
#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

[[nodiscard]] bool ber_matches(const Asn1Op& op, ByteSpan bytes);

}  // namespace bulkhead::signatures
