#include "datapath/app/snmp/snmp_message.h"

#include <array>
#include <charconv>
#include <string_view>

#include "datapath/base/ip_address.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::app::snmp {
namespace {

namespace tag {
constexpr std::uint8_t kInteger = 0x02, kOctets = 0x04, kOid = 0x06, kSequence = 0x30, kAddress = 0x40, kPdu = 0xa0;
}
constexpr std::uint32_t kUserBased = 3;
constexpr std::uint8_t kEncryptedFlag = 2;  // of msgFlags

// Elements one after the other: tag, length, value (X.690 8.1, definite lengths).
class BerReader {
 public:
  explicit BerReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  [[nodiscard]] std::uint8_t next_tag() const { return bytes_.empty() ? std::uint8_t{0} : bytes_[0]; }

  bool element(std::uint8_t wanted, ByteSpan& value) {
    std::uint8_t tag = 0;
    return next_tag() == wanted && any(tag, value);
  }
  bool any(std::uint8_t& tag, ByteSpan& value) {
    if (bytes_.size() < 2) return false;
    tag = bytes_[0];
    std::size_t length = bytes_[1], at = 2;
    if (length >= 0x80) {
      const std::size_t count = length & 0x7f;
      if (count == 0 || count > 4 || bytes_.size() - at < count) return false;
      length = 0;
      for (std::size_t i = 0; i < count; ++i) length = length << 8 | bytes_[at++];
    }
    if (bytes_.size() - at < length) return false;
    value = bytes_.subspan(at, length);
    bytes_ = bytes_.subspan(at + length);
    return true;
  }
  // What does not fit into 32 bits is cut; no field that is kept needs more.
  bool integer(std::uint32_t& out) {
    ByteSpan value;
    if (!element(tag::kInteger, value) || value.empty() || value.size() > 9) return false;
    std::uint64_t number = 0;
    for (const Byte byte : value) number = number << 8 | byte;
    out = static_cast<std::uint32_t>(number);
    return true;
  }

 private:
  ByteSpan bytes_;
};

// "1.3.6.1..." of X.690 8.19: the first number stands for two.
class OidText {
 public:
  bool read(ByteSpan value) {
    at_ = text_.data();
    std::uint64_t number = 0;
    std::size_t parts = 0;
    bool open = false;
    for (const Byte byte : value) {
      if (number > UINT64_MAX >> 7) return false;
      number = number << 7 | (byte & 0x7f);
      open = (byte & 0x80) != 0;
      if (open) continue;
      if (++parts > kMaxOidParts) break;
      if (parts == 1) {
        const std::uint64_t first = number < 80 ? number / 40 : 2;
        *at_++ = static_cast<char>('0' + first);
        number -= first * 40;
      }
      *at_++ = '.';
      if (number < 10) {
        *at_++ = static_cast<char>('0' + number);
      } else {
        at_ = std::to_chars(at_, text_.data() + text_.size(), number).ptr;
      }
      number = 0;
    }
    return parts > kMaxOidParts || (parts != 0 && !open);
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), static_cast<std::size_t>(at_ - text_.data())}; }

 private:
  static constexpr std::size_t kMaxPart = 22;           // a dot and 64 bits in decimal digits
  std::array<char, kMaxPart*(kMaxOidParts + 1)> text_;  // set as far as it is read
  char* at_ = text_.data();
};

bool read_variables(BerReader& from, Message& out) {
  ByteSpan list;
  if (!from.element(tag::kSequence, list)) return false;
  OidText text;
  for (BerReader variables(list); !variables.at_end();) {
    ByteSpan pair, name;
    if (!variables.element(tag::kSequence, pair) || !BerReader(pair).element(tag::kOid, name)) return false;
    if (out.variables.size() == kMaxVariables) continue;
    const bool whole = text.read(name);
    out.variables.push_back(text.view());  // as far as it could be read
    if (!whole) return false;
  }
  return true;
}

bool read_pdu(BerReader& from, Message& out) {
  std::uint8_t tag = 0;
  ByteSpan body;
  if (!from.any(tag, body) || tag < tag::kPdu || tag > tag::kPdu + pdu::kLast) return false;
  out.pdu = tag & 0x1f;
  BerReader reader(body);
  std::uint32_t ignored = 0;
  if (out.pdu != pdu::kTrapV1) {
    return reader.integer(ignored) && reader.integer(out.error) && reader.integer(ignored) &&
           read_variables(reader, out);
  }
  ByteSpan enterprise, address, time;
  OidText text;
  if (!reader.element(tag::kOid, enterprise) || !text.read(enterprise)) return false;
  out.trap_oid = text.view();
  if (!reader.element(tag::kAddress, address) || address.size() != 4) return false;
  out.trap_address = AddressText(IpAddress::v4(address.data())).view();
  return reader.integer(out.trap_type) && reader.integer(ignored) && reader.any(tag, time) &&
         read_variables(reader, out);
}

bool read_security(ByteSpan parameters, Message& out) {
  ByteSpan list, engine, user;
  BerReader outer(parameters);
  if (!outer.element(tag::kSequence, list)) return false;
  BerReader reader(list);
  std::uint32_t ignored = 0;
  if (!reader.element(tag::kOctets, engine) || !reader.integer(ignored) || !reader.integer(ignored) ||
      !reader.element(tag::kOctets, user)) {
    return false;
  }
  out.user.assign(user.begin(), user.end());
  out.has_user = true;
  return true;
}

bool read_version3(BerReader& reader, Message& out) {
  ByteSpan global, flags, parameters, scoped, skipped;
  if (!reader.element(tag::kSequence, global)) return false;
  BerReader header(global);
  std::uint32_t ignored = 0, model = 0;
  if (!header.integer(ignored) || !header.integer(ignored) || !header.element(tag::kOctets, flags) ||
      flags.size() != 1 || !header.integer(model)) {
    return false;
  }
  if (!reader.element(tag::kOctets, parameters)) return false;
  if (model == kUserBased) {
    if (!read_security(parameters, out)) return false;
  } else {
    out.unknown_security_model = true;
  }
  if ((flags[0] & kEncryptedFlag) != 0) {
    out.encrypted = true;
    return reader.element(tag::kOctets, scoped);
  }
  if (!reader.element(tag::kSequence, scoped)) return false;
  BerReader inner(scoped);
  return inner.element(tag::kOctets, skipped) && inner.element(tag::kOctets, skipped) && read_pdu(inner, out);
}

}  // namespace

bool read_message(ByteSpan bytes, Message& out) {
  ByteSpan whole, community;
  if (!BerReader(bytes).element(tag::kSequence, whole)) return false;
  BerReader reader(whole);
  std::uint32_t version = 0;
  if (!reader.integer(version) || (version != 0 && version != 1 && version != 3)) return false;
  out.version = version == 3 ? 3 : version + 1;
  if (version == 3) return read_version3(reader, out);
  if (!reader.element(tag::kOctets, community)) return false;
  out.community.assign(community.begin(), community.end());
  return read_pdu(reader, out);
}

}  // namespace bulkhead::app::snmp
