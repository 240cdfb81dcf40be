// Protocol buffers as they are on the wire, for the few messages that we read and write: fields one after another.
//
//   field   number << 3 | type as a varint, then
//           0: a varint   1: eight bytes   2: a length as a varint, and so many bytes   5: four bytes
//
// Thread   value types. In  borrowed bytes. Out  borrowed spans of them.
// Limits   varints of ten bytes, lengths within the bytes that are there, numbers up to 2^29 - 1. Groups (types 3 and
// 4)
//          are refused: nobody has sent them since 2008. Nothing recurses: a message within is read by a reader of its
//          own.
// Errors   next() answers false at the end and at the first field that cannot be; broken() tells which.
// Source   protobuf.dev/programming-guides/encoding
// Tests    tests/unit/rules/discovery/protobuf_test.cpp, tests/fuzz/fuzz_cri_api.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::rules {

struct ProtobufField {
  enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t value = 0;  // of numbers
  std::string_view bytes;   // of kBytes: text, or a message

  [[nodiscard]] bool is_number(std::uint32_t wanted) const { return number == wanted && type == Type::kVarint; }
  [[nodiscard]] bool is_bytes(std::uint32_t wanted) const { return number == wanted && type == Type::kBytes; }
};

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : rest_(bytes) {}
  bool next(ProtobufField& field);
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  bool varint(std::uint64_t& value);
  bool fixed(std::size_t size, std::uint64_t& value);

  std::string_view rest_;
  bool broken_ = false;
};

class ProtobufWriter {
 public:
  ProtobufWriter& number(std::uint32_t field, std::uint64_t value);
  ProtobufWriter& bytes(std::uint32_t field, std::string_view value);
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  void varint(std::uint64_t value);
  std::string out_;
};

}  // namespace bulkhead::rules
