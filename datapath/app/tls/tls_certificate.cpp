#include "datapath/app/tls/tls_certificate.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "datapath/app/digest.h"

namespace bulkhead::app::tls {

namespace {

using namespace std::string_view_literals;

namespace tag {
constexpr std::uint8_t kInteger = 0x02, kUtcTime = 0x17, kGeneralizedTime = 0x18, kUniversal = 0x1c, kBmp = 0x1e,
                       kOid = 0x06, kSequence = 0x30, kSet = 0x31, kVersion = 0xa0;
}

struct Element {
  std::uint8_t tag = 0;
  ByteSpan body;
};

// One element of definite length; false at the end, and for what DER does not allow.
bool next(ByteReader& in, Element& out) {
  out.tag = in.u8();
  if (in.failed() || (out.tag & 0x1f) == 0x1f) return false;
  std::size_t length = in.u8();
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 4) return false;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | in.u8();
  }
  if (in.failed() || length > in.remaining()) return false;
  out.body = in.bytes(length);
  return true;
}
bool next(ByteReader& in, std::uint8_t wanted, Element& out) {
  return next(in, out) && out.tag == wanted;
}

// Attribute types by the bytes of their OID, with the names that the reference gives them.
struct AttributeName {
  std::string_view oid, name;
};
constexpr AttributeName kAttributes[] = {
    {"\x55\x04\x03"sv, "CN"},
    {"\x55\x04\x04"sv, "surname"},
    {"\x55\x04\x05"sv, "serialNumber"},
    {"\x55\x04\x06"sv, "C"},
    {"\x55\x04\x07"sv, "L"},
    {"\x55\x04\x08"sv, "ST"},
    {"\x55\x04\x09"sv, "streetAddress"},
    {"\x55\x04\x0a"sv, "O"},
    {"\x55\x04\x0b"sv, "OU"},
    {"\x55\x04\x0c"sv, "title"},
    {"\x55\x04\x0d"sv, "description"},
    {"\x55\x04\x0f"sv, "businessCategory"},
    {"\x55\x04\x11"sv, "postalCode"},
    {"\x55\x04\x29"sv, "name"},
    {"\x55\x04\x2a"sv, "givenName"},
    {"\x55\x04\x2b"sv, "initials"},
    {"\x55\x04\x2c"sv, "generationQualifier"},
    {"\x55\x04\x2d"sv, "uniqueIdentifier"},
    {"\x55\x04\x2e"sv, "dnQualifier"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"sv, "uid"},
    {"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"sv, "DC"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"sv, "Email"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"sv, "unstructuredName"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"sv, "msJurisdictionLocality"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"sv, "msJurisdictionStateOrProvince"},
    {"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"sv, "msJurisdictionCountry"},
};

std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append_dotted(std::string& out, ByteSpan oid) {
  std::uint64_t value = 0;
  bool first = true;
  for (const Byte b : oid) {
    value = (value & (UINT64_MAX >> 8)) << 7 | (b & 0x7f);
    if ((b & 0x80) != 0) continue;
    if (first) {
      const std::uint64_t root = std::min<std::uint64_t>(value / 40, 2);
      out += std::to_string(root) + '.' + std::to_string(value - root * 40);
    } else {
      out += '.' + std::to_string(value);
    }
    first = false;
    value = 0;
  }
}

void append_type(std::string& out, ByteSpan oid) {
  const std::string_view wanted = text_of(oid);
  const auto* known = std::find_if(std::begin(kAttributes), std::end(kAttributes),
                                   [&](const AttributeName& a) { return a.oid == wanted; });
  if (known != std::end(kAttributes)) {
    out += known->name;
    return;
  }
  out += "OID(";
  append_dotted(out, oid);
  out += ')';
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x110000) {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

void append_value(std::string& out, const Element& value) {
  ByteReader in(value.body);
  switch (value.tag) {
    case tag::kBmp:
      while (in.remaining() >= 2) append_utf8(out, in.be16());
      return;
    case tag::kUniversal:
      while (in.remaining() >= 4) append_utf8(out, in.be32());
      return;
    default: out += text_of(value.body); return;
  }
}

// RFC 5280 4.1.2.4: a list of sets; the parts of one set are joined by " + ".
bool read_name(ByteSpan bytes, std::string& out) {
  ByteReader names(bytes);
  std::size_t parts = 0;
  while (!names.at_end()) {
    Element set;
    if (!next(names, tag::kSet, set)) return false;
    ByteReader members(set.body);
    bool first = true;
    while (!members.at_end()) {
      Element pair, type, value;
      if (!next(members, tag::kSequence, pair)) return false;
      ByteReader in(pair.body);
      if (!next(in, tag::kOid, type) || !next(in, value)) return false;
      if (++parts > kMaxNameParts || out.size() + value.body.size() > kMaxNameBytes) return true;
      if (!out.empty()) out += first ? ", " : " + ";
      first = false;
      append_type(out, type.body);
      out += '=';
      append_value(out, value);
    }
  }
  return true;
}

// YYMMDDHHMM[SS]Z and YYYYMMDDHHMMSSZ, or an offset instead of Z.
bool read_time(const Element& element, std::int64_t& out) {
  const std::string_view text = text_of(element.body);
  const bool general = element.tag == tag::kGeneralizedTime;
  if (!general && element.tag != tag::kUtcTime) return false;
  std::size_t at = 0;
  const auto number = [&](std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') return -1;
      value = value * 10 + (text[at] - '0');
    }
    return value;
  };
  int year = number(general ? 4 : 2);
  const int month = number(2), day = number(2), hour = number(2), minute = number(2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59) {
    return false;
  }
  int second = 0;
  if (at < text.size() && text[at] >= '0' && text[at] <= '9') second = number(2);
  if (second < 0 || second > 60) return false;
  if (!general) year += year < 50 ? 2000 : 1900;  // RFC 5280 4.1.2.5.1
  if (at < text.size() && text[at] == '.') {
    while (++at < text.size() && text[at] >= '0' && text[at] <= '9') {
    }
  }
  int offset = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int sign = text[at++] == '+' ? 1 : -1;
    const int hours = number(2), minutes = number(2);
    if (hours < 0 || minutes < 0) return false;
    offset = sign * (hours * 60 + minutes) * 60;
  }
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  out = sys_days(date).time_since_epoch().count() * std::int64_t{86400} + hour * 3600 + minute * 60 + second - offset;
  return true;
}

std::string colon_hex(ByteSpan bytes, const char* digits) {
  std::string out;
  out.reserve(bytes.size() * 3);
  for (const Byte b : bytes) {
    if (!out.empty()) out += ':';
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

}  // namespace

CertificateError read_certificate(ByteSpan der, Certificate& out) {
  const Digest sha1 = digest(DigestKind::kSha1, der);
  out.fingerprint = colon_hex(sha1.bytes(), "0123456789abcdef");
  ByteReader file(der);
  Element certificate, body, element;
  if (!next(file, tag::kSequence, certificate)) {
    return der.size() > 1 && der[0] == tag::kSequence ? CertificateError::kLength : CertificateError::kDer;
  }
  ByteReader in(certificate.body);
  if (!next(in, tag::kSequence, body)) return CertificateError::kDer;
  ByteReader fields(body.body);
  if (!next(fields, element)) return CertificateError::kDer;
  if (element.tag == tag::kVersion) {
    ByteReader version(element.body);
    Element number;
    if (!next(version, tag::kInteger, number) || number.body.empty()) return CertificateError::kVersion;
    if (!next(fields, element)) return CertificateError::kSerial;
  }
  if (element.tag != tag::kInteger || element.body.empty()) return CertificateError::kSerial;
  constexpr std::size_t kMaxSerial = 64;  // 20 octets by RFC 5280
  out.serial = colon_hex(element.body.first(std::min(element.body.size(), kMaxSerial)), "0123456789ABCDEF");
  if (!next(fields, tag::kSequence, element)) return CertificateError::kAlgorithm;
  if (!next(fields, tag::kSequence, element) || !read_name(element.body, out.issuer)) return CertificateError::kIssuer;
  if (!next(fields, tag::kSequence, element)) return CertificateError::kValidity;
  ByteReader times(element.body);
  Element from, to;
  if (!next(times, from) || !next(times, to)) return CertificateError::kValidity;
  if (!read_time(from, out.not_before) || !read_time(to, out.not_after)) return CertificateError::kDate;
  if (!next(fields, tag::kSequence, element) || !read_name(element.body, out.subject))
    return CertificateError::kSubject;
  return CertificateError::kNone;
}

std::string date_text(std::int64_t seconds) {
  using namespace std::chrono;
  const auto time = sys_seconds(std::chrono::seconds(seconds));
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss clock(time - days);
  char text[40];
  const int length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02ld:%02ld:%02ld", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   static_cast<long>(clock.hours().count()), static_cast<long>(clock.minutes().count()),
                                   static_cast<long>(clock.seconds().count()));
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace bulkhead::app::tls
