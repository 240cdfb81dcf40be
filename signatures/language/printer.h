// Syntax tree back to text: one rule a line, one blank between fields, lists without blanks.
//
// Thread   control thread only.
// Out      parse(print(x)) == x, and print(parse(print(x))) is print(x) byte for byte.
// Tests    tests/unit/signatures/language/printer_test.cpp, tests/fuzz/fuzz_signature_language.cpp
#pragma once

#include <string>

#include "signatures/language/ast.h"

namespace bulkhead::signatures {

[[nodiscard]] std::string print(const AddressNode& node);
[[nodiscard]] std::string print(const PortNode& node);
[[nodiscard]] std::string print(const Rule& rule);      // without line end; "# " in front of a disabled rule
[[nodiscard]] std::string print(const RuleFile& file);  // comments are not kept

}  // namespace bulkhead::signatures
