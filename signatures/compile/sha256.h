// The name of a content: SHA-256 of its pieces, in order.
//
// Thread   one object, one thread.
// Source   OpenSSL's EVP.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace bulkhead::signatures {

inline constexpr std::size_t kDigestBytes = 32;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { begin(); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  void add_number(std::uint64_t n) { add(std::to_string(n) + ","); }
  // With its length, so that two pieces never read as one.
  void add_piece(std::string_view bytes) {
    add_number(bytes.size());
    add(bytes);
  }
  // And begins anew.
  [[nodiscard]] std::string finish() {
    std::string digest(kDigestBytes, '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    begin();
    return digest;
  }
  // The first half, as numbers.
  [[nodiscard]] std::array<std::uint64_t, 2> finish_short() {
    const std::string digest = finish();
    std::array<std::uint64_t, 2> out{};
    std::memcpy(out.data(), digest.data(), sizeof(out));
    return out;
  }

 private:
  void begin() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace bulkhead::signatures
