// Reads JSON that protocols carry (Stratum, NATS): each scalar with the key it stands under, no tree, no exceptions.
//
// Thread   pure function.
// In       one JSON text, perhaps cut.
// Limits   16 levels, 256 values, 1 KB of a string.
// Errors   false: not JSON; what was visited before stands.
// Source   RFC 8259
// Tests    tests/unit/datapath/app/json_fields_test.cpp
#pragma once

#include <string>
#include <string_view>

namespace bulkhead::app {

struct JsonValue {
  unsigned depth = 0;       // 1: a member of the outermost object or array
  unsigned index = 0;       // in its array; 0 in objects
  std::string_view key;     // of the value, or of the innermost array it is in
  std::string_view parent;  // key of the object or array that holds it
  enum class Kind : unsigned char { kText, kNumber, kTrue, kFalse, kNull } kind = Kind::kNull;
  std::string text;  // of a string, undone escapes; of a number, as written
};

class JsonVisitor {
 public:
  JsonVisitor() = default;
  JsonVisitor(const JsonVisitor&) = delete;
  JsonVisitor& operator=(const JsonVisitor&) = delete;
  virtual ~JsonVisitor() = default;
  virtual void visit(const JsonValue& value) = 0;
};

bool walk_json(std::string_view text, JsonVisitor& visitor);

}  // namespace bulkhead::app
