#include "datapath/app/ldap/ber.h"

#include <algorithm>

namespace bulkhead::app::ldap {

bool read_head(ByteSpan data, BerHead& out) {
  out = {};
  if (data.size() < 2) return false;
  out.tag = data[0];
  out.length = data[1];
  out.head = 2;
  if ((out.tag & 0x1f) == 0x1f || data[1] == 0x80) {  // long tags, indefinite lengths: not in LDAP
    out.bad = true;
    return false;
  }
  if (data[1] < 0x80) return true;
  const std::size_t count = data[1] & 0x7fU;
  if (count > 8) {
    out.bad = true;
    return false;
  }
  if (data.size() < 2 + count) return false;
  out.length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (out.length > 0xffffffff) {
      out.bad = true;
      return false;
    }
    out.length = out.length << 8 | data[2 + i];
  }
  out.head += count;
  return true;
}

bool BerReader::next() {
  if (rest_.empty()) return false;
  BerHead head;
  if (!read_head(rest_, head)) {
    failed_ = true;
    rest_ = {};
    return false;
  }
  const std::size_t there = static_cast<std::size_t>(std::min<std::uint64_t>(head.length, rest_.size() - head.head));
  failed_ |= there < head.length;
  tag_ = head.tag;
  body_ = rest_.subspan(head.head, there);
  rest_ = rest_.subspan(head.head + there);
  return true;
}

std::uint32_t BerReader::number() const {
  std::uint32_t out = 0;
  for (const Byte b : body_.first(std::min<std::size_t>(body_.size(), 5))) out = out << 8 | b;
  return out;
}

}  // namespace bulkhead::app::ldap
