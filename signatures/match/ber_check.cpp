#include "signatures/match/ber_check.h"

#include <optional>

namespace bulkhead::signatures {
namespace {

constexpr unsigned kMostElements = 256;
constexpr unsigned kMostLevels = 32;
constexpr std::uint64_t kLongReal = 256;
constexpr std::uint32_t kBitString = 3, kReal = 9;

struct Element {
  std::uint32_t tag = 0;
  bool universal = false, constructed = false, indefinite = false;
  std::uint64_t length = 0;
  ByteSpan content;  // what is there of it
};

class BerWalk {
 public:
  explicit BerWalk(const Asn1Op& op) : op_(op) {}

  bool level(ByteSpan bytes, unsigned depth) {
    while (!bytes.empty() && depth < kMostLevels && elements_ < kMostElements) {
      ++elements_;
      const auto element = take(bytes);
      if (!element) return false;
      if (fits(*element)) return true;
      if (element->constructed && level(element->content, depth + 1)) return true;
    }
    return false;
  }

 private:
  // Takes one element off the front; nullopt when its header is cut off.
  static std::optional<Element> take(ByteSpan& bytes) {
    std::size_t at = 1;
    Element e;
    e.universal = bytes[0] >> 6 == 0;
    e.constructed = (bytes[0] & 0x20) != 0;
    e.tag = bytes[0] & 0x1f;
    if (e.tag == 0x1f) {
      e.tag = 0;
      do {
        if (at >= bytes.size() || at > 5) return std::nullopt;
        e.tag = e.tag << 7 | (bytes[at] & 0x7fU);
      } while ((bytes[at++] & 0x80) != 0);
    }
    if (at >= bytes.size()) return std::nullopt;
    e.length = bytes[at++];
    if (e.length == 0x80) {
      e.indefinite = true;
      e.length = bytes.size() - at;
    } else if (e.length > 0x80) {
      std::size_t count = e.length & 0x7f;
      if (count > 8 || at + count > bytes.size()) return std::nullopt;
      for (e.length = 0; count > 0; --count) e.length = e.length << 8 | bytes[at++];
    }
    e.content = bytes.subspan(at, std::min<std::uint64_t>(e.length, bytes.size() - at));
    bytes = bytes.subspan(at + e.content.size());
    return e;
  }

  [[nodiscard]] bool fits(const Element& e) const {
    if (op_.oversize_length && !e.indefinite && e.length > *op_.oversize_length) return true;
    if (!e.universal || e.constructed || e.content.empty()) return false;
    if (op_.bitstring_overflow && e.tag == kBitString && (e.length - 1) * 8 < e.content[0]) return true;
    return op_.double_overflow && e.tag == kReal && (e.content[0] & 0xc0) == 0 && e.length > kLongReal;
  }

  const Asn1Op& op_;
  unsigned elements_ = 0;
};

}  // namespace

bool ber_matches(const Asn1Op& op, ByteSpan bytes) {
  return BerWalk(op).level(bytes, 0);
}

}  // namespace bulkhead::signatures
