// Walks a BSON document without copying: each element once, nested ones after their parent.
//
// Thread   pure function.
// In       a document, perhaps cut at its end.
// Limits   12 levels, 1,000 elements.
// Errors   false: a length or a type that cannot be; what was visited before stands.
// Source   bsonspec.org, version 1.1
// Tests    tests/unit/datapath/app/mongodb/mongodb_parser_test.cpp, tests/fuzz/fuzz_mongodb.cpp
#pragma once

#include <cstdint>
#include <string_view>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app::mongodb {

struct BsonElement {
  unsigned depth = 0;     // 0: of the document itself
  unsigned index = 0;     // in its document
  std::uint8_t type = 0;  // 1 double, 2 string, 3 document, 4 array, 5 binary, 8 boolean, 16 and 18 integers ...
  std::string_view name;
  std::string_view parent;  // the name of the document it is in; "" at the top
  std::string_view text;    // of strings, code, and binary
  std::int64_t number = 0;  // of integers, booleans, and doubles, rounded
};

class BsonVisitor {
 public:
  BsonVisitor() = default;
  BsonVisitor(const BsonVisitor&) = delete;
  BsonVisitor& operator=(const BsonVisitor&) = delete;
  virtual ~BsonVisitor() = default;
  virtual void visit(const BsonElement& element) = 0;
};

// `length`: of the document, as its head says; 0 when that could not be read.
bool walk_bson(ByteSpan document, BsonVisitor& visitor, std::size_t& length);

}  // namespace bulkhead::app::mongodb
