#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {

namespace {

std::string hexadecimal(std::uint16_t v) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(v >> shift) & 15];
  return out;
}

}  // namespace

std::string version_name(std::uint16_t v) {
  switch (v) {
    case version::kUnknown: return "UNDETERMINED";
    case version::kSsl2: return "SSLv2";
    case version::kSsl3: return "SSLv3";
    case version::kTls10: return "TLSv1";
    case version::kTls11: return "TLS 1.1";
    case version::kTls12: return "TLS 1.2";
    case version::kTls13: return "TLS 1.3";
    default: break;
  }
  // Drafts before 16 were not told apart on the wire in any way that is worth a name.
  constexpr std::uint16_t kFirstNamed = 16, kLastNamed = 28;
  const unsigned draft = v & 0xffU;
  if ((v >> 8) == 0x7f && draft < kFirstNamed) return "TLS 1.3 draft-<16";
  if ((v >> 8) == 0x7f && draft <= kLastNamed) return "TLS 1.3 draft-" + std::to_string(draft);
  // Facebook's own variants of the drafts.
  if ((v >> 8) == 0xfb && draft >= 20 && draft <= 26) return "TLS 1.3 draft-" + std::to_string(draft) + "-fb";
  return hexadecimal(v);
}

}  // namespace bulkhead::app::tls
