#include "datapath/app/tls/tls_certificate.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <vector>

namespace bulkhead::app::tls {
namespace {

struct Attribute {
  const char* type;
  int string_type;
  std::string value;
  int set = 0;  // -1: in the set of the one before
};

// A certificate made by OpenSSL, signed by its own key.
class Made {
 public:
  Made(const std::vector<Attribute>& subject, std::int64_t from, std::int64_t to) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    x509_.reset(X509_new());
    X509_set_version(x509_.get(), 2);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
    BN_set_word(serial.get(), 0x97E647098EEAC9B4UL);
    BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509_.get()));
    ASN1_TIME_set(X509_getm_notBefore(x509_.get()), static_cast<std::time_t>(from));
    ASN1_TIME_set(X509_getm_notAfter(x509_.get()), static_cast<std::time_t>(to));
    X509_NAME* name = X509_get_subject_name(x509_.get());
    for (const Attribute& a : subject) {
      X509_NAME_add_entry_by_txt(name, a.type, a.string_type, reinterpret_cast<const unsigned char*>(a.value.data()),
                                 static_cast<int>(a.value.size()), -1, a.set);
    }
    X509_set_issuer_name(x509_.get(), name);
    X509_set_pubkey(x509_.get(), key.get());
    X509_sign(x509_.get(), key.get(), EVP_sha256());
    unsigned char* der = nullptr;
    const int length = i2d_X509(x509_.get(), &der);
    der_.assign(der, der + length);
    OPENSSL_free(der);
  }
  [[nodiscard]] const std::vector<Byte>& der() const { return der_; }
  [[nodiscard]] const X509* x509() const { return x509_.get(); }

 private:
  std::unique_ptr<X509, decltype(&X509_free)> x509_{nullptr, X509_free};
  std::vector<Byte> der_;
};

TEST(TlsCertificate, ReadsWhatOpenSslWrote) {
  const Made made({{"C", MBSTRING_ASC, "DE"},
                   {"ST", MBSTRING_UTF8, "Berlin"},
                   {"O", MBSTRING_UTF8, "Lab, Inc. \"x\"=y+z/"},
                   {"OU", MBSTRING_UTF8, "second", -1},
                   {"CN", MBSTRING_UTF8, "\xc3\xbcml"},
                   {"emailAddress", MBSTRING_ASC, "a@b.c"},
                   {"DC", MBSTRING_ASC, "dc"},
                   {"2.5.4.65", MBSTRING_UTF8, "pseudonym"},
                   {"street", V_ASN1_BMPSTRING, std::string("\0S\0t\x20\xac", 6)}},
                  1423764447, 1739124447);
  Certificate read;
  ASSERT_EQ(read_certificate(made.der(), read), CertificateError::kNone);
  EXPECT_EQ(read.subject,
            "C=DE, ST=Berlin, OU=second + O=Lab, Inc. \"x\"=y+z/, CN=\xc3\xbcml, Email=a@b.c, DC=dc, "
            "OID(2.5.4.65)=pseudonym, streetAddress=St\xe2\x82\xac");
  EXPECT_EQ(read.issuer, read.subject);
  EXPECT_EQ(read.serial, "00:97:E6:47:09:8E:EA:C9:B4");
  EXPECT_EQ(date_text(read.not_before), "2015-02-12T18:07:27");
  EXPECT_EQ(date_text(read.not_after), "2025-02-09T18:07:27");
  unsigned char sha1[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  ASSERT_EQ(X509_digest(made.x509(), EVP_sha1(), sha1, &length), 1);
  std::string wanted;
  for (unsigned i = 0; i < length; ++i) {
    char text[4];
    std::snprintf(text, sizeof text, "%02x", sha1[i]);
    wanted += (i != 0 ? ":" : "") + std::string(text);
  }
  EXPECT_EQ(read.fingerprint, wanted);
}

TEST(TlsCertificate, DatesAreThoseOfOpenSsl) {
  for (const std::int64_t when : {std::int64_t{-86400}, std::int64_t{0}, std::int64_t{951782400},
                                  std::int64_t{2524607999}, std::int64_t{2524608000}, std::int64_t{253402300799}}) {
    const Made made({{"CN", MBSTRING_ASC, "x"}}, when, when);
    Certificate read;
    ASSERT_EQ(read_certificate(made.der(), read), CertificateError::kNone) << when;
    EXPECT_EQ(read.not_before, when);
    EXPECT_EQ(read.not_after, when);
  }
  EXPECT_EQ(date_text(-86400), "1969-12-31T00:00:00");
}

TEST(TlsCertificate, EveryCutIsRefused) {
  const Made made({{"CN", MBSTRING_ASC, "x"}}, 0, 0);
  for (std::size_t length = 0; length < made.der().size(); ++length) {
    Certificate read;
    EXPECT_NE(read_certificate(ByteSpan(made.der()).first(length), read), CertificateError::kNone);
  }
}

// Whatever byte changes: no crash, and what is read stays within its bounds.
TEST(TlsCertificate, AnyByteMayBeWrong) {
  const Made made({{"C", MBSTRING_ASC, "DE"}, {"CN", MBSTRING_ASC, "host"}}, 0, 1739124447);
  for (std::size_t at = 0; at < made.der().size(); ++at) {
    for (const Byte value : {Byte{0}, Byte{0x7f}, Byte{0x80}, Byte{0x84}, Byte{0xff}}) {
      std::vector<Byte> der = made.der();
      der[at] = value;
      Certificate read;
      static_cast<void>(read_certificate(der, read));
      EXPECT_LE(read.subject.size(), kMaxNameBytes * 2);
    }
  }
}

TEST(TlsCertificate, SaysWhatCannotBeRead) {
  const auto error = [](std::string_view der) {
    Certificate read;
    return read_certificate({reinterpret_cast<const Byte*>(der.data()), der.size()}, read);
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(error(""sv), CertificateError::kDer);
  EXPECT_EQ(error("hello"sv), CertificateError::kDer);
  EXPECT_EQ(error("\x30\x82\x10\x00\x30\x00"sv), CertificateError::kLength);
  EXPECT_EQ(error("\x30\x07\x30\x05\xa0\x03\x04\x01\x02"sv), CertificateError::kVersion);
  EXPECT_EQ(error("\x30\x05\x30\x03\x04\x01\x02"sv), CertificateError::kSerial);
  EXPECT_EQ(error("\x30\x05\x30\x03\x02\x01\x02"sv), CertificateError::kAlgorithm);
  EXPECT_EQ(error("\x30\x07\x30\x05\x02\x01\x02\x30\x00"sv), CertificateError::kIssuer);
}

}  // namespace
}  // namespace bulkhead::app::tls
