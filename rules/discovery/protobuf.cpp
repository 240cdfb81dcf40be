#include "rules/discovery/protobuf.h"

namespace bulkhead::rules {

namespace {

constexpr std::size_t kMostVarint = 10;  // 64 bits, seven in each byte
constexpr std::uint64_t kMostNumber = (std::uint64_t{1} << 29) - 1;

}  // namespace

bool ProtobufReader::varint(std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < kMostVarint && i < rest_.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(rest_[i]);
    // The tenth byte has room for one bit.
    if (i == kMostVarint - 1 && byte > 1) return false;
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << (7 * i);
    if ((byte & 0x80U) == 0) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool ProtobufReader::fixed(std::size_t size, std::uint64_t& value) {
  if (rest_.size() < size) return false;
  value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(rest_[i])} << (8 * i);
  rest_.remove_prefix(size);
  return true;
}

bool ProtobufReader::next(ProtobufField& field) {
  if (rest_.empty() || broken_) return false;
  std::uint64_t key = 0;
  broken_ = true;
  if (!varint(key) || key >> 3 == 0 || key >> 3 > kMostNumber) return false;
  field = {};
  field.number = static_cast<std::uint32_t>(key >> 3);
  switch (key & 7) {
    case 0: broken_ = !varint(field.value); break;
    case 1: broken_ = !fixed(8, field.value); break;
    case 5: broken_ = !fixed(4, field.value); break;
    case 2: {
      std::uint64_t size = 0;
      if (!varint(size) || size > rest_.size()) return false;
      field.bytes = rest_.substr(0, size);
      rest_.remove_prefix(size);
      broken_ = false;
      break;
    }
    default: break;
  }
  field.type = static_cast<ProtobufField::Type>(key & 7);
  return !broken_;
}

void ProtobufWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80U));
  out_.push_back(static_cast<char>(value));
}

ProtobufWriter& ProtobufWriter::number(std::uint32_t field, std::uint64_t value) {
  varint(std::uint64_t{field} << 3);
  varint(value);
  return *this;
}

ProtobufWriter& ProtobufWriter::bytes(std::uint32_t field, std::string_view value) {
  varint(std::uint64_t{field} << 3 | 2);
  varint(value.size());
  out_.append(value);
  return *this;
}

}  // namespace bulkhead::rules
