#include "datapath/app/digest.h"

#include <openssl/evp.h>

namespace bulkhead::app {

namespace {

// Looked up once: a look-up in OpenSSL 3 costs more than the digest of a short text.
const EVP_MD* method(DigestKind kind) {
  static const EVP_MD* const kMethods[] = {EVP_MD_fetch(nullptr, "MD5", nullptr),
                                           EVP_MD_fetch(nullptr, "SHA1", nullptr),
                                           EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  return kMethods[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string Digest::hex() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(size * 2);
  for (const Byte b : bytes()) {
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

Digest digest(DigestKind kind, ByteSpan bytes) {
  Digest out;
  unsigned length = 0;
  const EVP_MD* md = method(kind);
  if (md != nullptr && EVP_Digest(bytes.data(), bytes.size(), out.data.data(), &length, md, nullptr) == 1) {
    out.size = length;
  }
  return out;
}

Digest digest(DigestKind kind, std::string_view text) {
  return digest(kind, ByteSpan(reinterpret_cast<const Byte*>(text.data()), text.size()));
}

}  // namespace bulkhead::app
