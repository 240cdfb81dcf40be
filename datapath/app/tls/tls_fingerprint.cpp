#include "datapath/app/tls/tls_fingerprint.h"

#include <algorithm>

#include "datapath/app/digest.h"
#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {

namespace {

template <typename Number>
void append_list(std::string& out, const std::vector<Number>& list) {
  bool first = true;
  for (const Number n : list) {
    if (is_grease(n)) continue;
    if (!first) out += '-';
    first = false;
    out += std::to_string(n);
  }
}

void append_hex4(std::string& out, std::uint16_t v) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(v >> shift) & 15];
}

std::vector<std::uint16_t> without_grease(const std::vector<std::uint16_t>& list) {
  std::vector<std::uint16_t> out;
  std::copy_if(list.begin(), list.end(), std::back_inserter(out), [](std::uint16_t v) { return !is_grease(v); });
  return out;
}

std::string joined(const std::vector<std::uint16_t>& list) {
  std::string out;
  for (const std::uint16_t v : list) {
    if (!out.empty()) out += ',';
    append_hex4(out, v);
  }
  return out;
}

// Twelve zeros stand for a list without anything in it.
std::string short_hash(const std::string& text) {
  return text.empty() ? std::string(12, '0') : digest(DigestKind::kSha256, text).hex().substr(0, 12);
}

std::string_view ja4_version(std::uint16_t v) {
  switch (v) {
    case version::kTls13: return "13";
    case version::kTls12: return "12";
    case version::kTls11: return "11";
    case version::kTls10: return "10";
    case version::kSsl3: return "s3";
    case version::kSsl2: return "s2";
    default: return "00";
  }
}

std::string two_digits(std::size_t n) {
  n = std::min<std::size_t>(n, 99);
  return {static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
}

// First and last character of the first protocol the client offers.
std::string alpn_part(const Hello& hello) {
  if (hello.alpn.empty() || hello.alpn.front().empty()) return "00";
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const char first = hello.alpn.front().front(), last = hello.alpn.front().back();
  if (is_plain(first) && is_plain(last)) return {first, last};
  static constexpr char kHex[] = "0123456789abcdef";
  return {kHex[static_cast<unsigned char>(first) >> 4], kHex[static_cast<unsigned char>(last) & 15]};
}

}  // namespace

std::string ja3_text(const Hello& client) {
  std::string out = std::to_string(client.wire_version) + ',';
  append_list(out, client.ciphers);
  out += ',';
  append_list(out, client.extensions);
  out += ',';
  append_list(out, client.groups);
  out += ',';
  bool first = true;
  for (const std::uint8_t format : client.point_formats) {
    if (!first) out += '-';
    first = false;
    out += std::to_string(format);
  }
  return out;
}

std::string ja3s_text(const Hello& server) {
  std::string out = std::to_string(server.wire_version) + ',';
  append_list(out, server.ciphers);
  out += ',';
  append_list(out, server.extensions);
  return out;
}

std::string ja4_text(const Hello& client, char transport) {
  std::uint16_t highest = client.versions.empty() ? client.wire_version : 0;
  for (const std::uint16_t v : client.versions) {
    if (v >= version::kSsl3 && v <= version::kTls13) highest = std::max(highest, v);  // drafts have no digits
  }
  std::vector<std::uint16_t> ciphers = without_grease(client.ciphers), extensions = without_grease(client.extensions);
  std::string out(1, transport);
  out += ja4_version(highest);
  out += client.sni ? 'd' : 'i';
  out += two_digits(ciphers.size()) + two_digits(extensions.size()) + alpn_part(client) + '_';
  std::sort(ciphers.begin(), ciphers.end());
  out += short_hash(joined(ciphers)) + '_';
  std::erase_if(extensions, [](std::uint16_t e) { return e == extension::kServerName || e == extension::kAlpn; });
  std::sort(extensions.begin(), extensions.end());
  std::string text = joined(extensions);
  // As the reference does, the '_' is there without algorithms too.
  if (!client.extensions.empty()) text += '_' + joined(without_grease(client.signature_algorithms));
  return out + short_hash(text);
}

}  // namespace bulkhead::app::tls
