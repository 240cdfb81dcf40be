#include "datapath/app/mongodb/bson.h"

#include <bit>
#include <cmath>

namespace bulkhead::app::mongodb {
namespace {

constexpr unsigned kMaxDepth = 12, kMaxElements = 1000;

std::uint64_t le(ByteSpan bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) out = out << 8 | bytes[i - 1];
  return out;
}
std::uint32_t le32(ByteReader& reader) {
  return static_cast<std::uint32_t>(le(reader.bytes(4)));
}

bool take_name(ByteReader& reader, std::string_view& out) {
  const ByteSpan rest = reader.rest();
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return false;
  out = text.substr(0, end);
  reader.skip(end + 1);
  return true;
}

std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::int64_t rounded(std::uint64_t bits) {
  const double value = std::bit_cast<double>(bits);
  if (!std::isfinite(value) || std::fabs(value) > 1e15) return 0;
  return static_cast<std::int64_t>(value);
}

class Walk {
 public:
  explicit Walk(BsonVisitor& visitor) : visitor_(visitor) {}

  // The elements of one document; `bytes` may end before it does.
  bool elements(ByteSpan bytes, unsigned depth, std::string_view parent) {
    ByteReader reader(bytes);
    for (unsigned index = 0; !reader.at_end(); ++index) {
      BsonElement element{.depth = depth, .index = index, .type = reader.u8(), .parent = parent};
      if (element.type == 0) return true;
      if (++count_ > kMaxElements || !take_name(reader, element.name)) return false;
      if (!value(reader, element)) return false;
    }
    return true;
  }

 private:
  bool value(ByteReader& reader, BsonElement& element) {
    switch (element.type) {
      case 0x01: element.number = rounded(le(reader.bytes(8))); break;
      case 0x02:
      case 0x0d:
      case 0x0e: {
        const std::uint32_t length = le32(reader);
        if (length == 0 || length > reader.remaining()) return false;
        element.text = text_of(reader.bytes(length)).substr(0, length - 1);
        break;
      }
      case 0x03:
      case 0x04: return nested(reader, element);
      case 0x05: {
        const std::uint32_t length = le32(reader);
        reader.skip(1);
        if (length > reader.remaining()) return false;
        element.text = text_of(reader.bytes(length));
        break;
      }
      case 0x06:
      case 0x0a:
      case 0x7f:
      case 0xff: break;
      case 0x07: reader.skip(12); break;
      case 0x08: element.number = reader.u8(); break;
      case 0x09:
      case 0x11: reader.skip(8); break;
      case 0x0b: {
        std::string_view options;
        if (!take_name(reader, element.text) || !take_name(reader, options)) return false;
        break;
      }
      case 0x0c: {
        const std::uint32_t length = le32(reader);
        if (length > reader.remaining()) return false;
        reader.skip(length + 12UL);
        break;
      }
      case 0x0f: {  // code with its scope
        const std::uint32_t whole = le32(reader);
        if (whole < 14 || whole - 4 > reader.remaining()) return false;
        ByteReader inside(reader.bytes(whole - 4));
        const std::uint32_t length = le32(inside);
        if (length == 0 || length > inside.remaining()) return false;
        element.text = text_of(inside.bytes(length)).substr(0, length - 1);
        break;
      }
      case 0x10: element.number = static_cast<std::int32_t>(le32(reader)); break;
      case 0x12: element.number = static_cast<std::int64_t>(le(reader.bytes(8))); break;
      case 0x13: reader.skip(16); break;
      default: return false;
    }
    if (reader.failed()) return false;
    visitor_.visit(element);
    return true;
  }

  bool nested(ByteReader& reader, const BsonElement& element) {
    const std::uint32_t length = le32(reader);
    if (reader.failed() || length < 5) return false;
    visitor_.visit(element);
    const bool whole = length - 4 <= reader.remaining();
    const ByteSpan body = reader.bytes(whole ? length - 4 : reader.remaining());
    if (element.depth + 1 >= kMaxDepth) return whole;
    return elements(body, element.depth + 1, element.name) && whole;
  }

  BsonVisitor& visitor_;
  unsigned count_ = 0;
};

}  // namespace

bool walk_bson(ByteSpan document, BsonVisitor& visitor, std::size_t& length) {
  length = 0;
  if (document.size() < 5) return false;
  const std::uint64_t said = le(document.first(4));
  if (said < 5) return false;
  length = static_cast<std::size_t>(said);
  const bool whole = said <= document.size();
  return Walk(visitor).elements(document.subspan(4, (whole ? length : document.size()) - 4), 0, {}) && whole;
}

}  // namespace bulkhead::app::mongodb
