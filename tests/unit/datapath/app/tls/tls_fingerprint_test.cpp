#include "datapath/app/tls/tls_fingerprint.h"

#include <gtest/gtest.h>

#include "datapath/app/digest.h"
#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {
namespace {

// The worked example of the JA4 document: a browser, GREASE included.
Hello browser() {
  Hello hello;
  hello.wire_version = 0x0303;
  hello.versions = {0x0a0a, 0x0304, 0x0303};
  hello.ciphers = {0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  hello.extensions = {0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
                      0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015};
  hello.signature_algorithms = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
  hello.groups = {0x2a2a, 29, 23, 24};
  hello.point_formats = {0};
  hello.alpn = {"h2", "http/1.1"};
  hello.sni = "example.org";
  return hello;
}

TEST(TlsFingerprint, Ja4IsThatOfItsDocument) {
  EXPECT_EQ(ja4_text(browser(), 't'), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(TlsFingerprint, Ja4OfAClientThatSaysLittle) {
  Hello hello;
  hello.wire_version = version::kTls12;
  EXPECT_EQ(ja4_text(hello, 'q'), "q12i000000_000000000000_000000000000");
  hello.alpn = {"\xab"};
  EXPECT_EQ(ja4_text(hello, 't').substr(0, 10), "t12i0000ab");
}

TEST(TlsFingerprint, Ja3LeavesGreaseOut) {
  EXPECT_EQ(ja3_text(browser()),
            "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"
            "27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0");
  Hello server;
  server.wire_version = 0x0303;
  server.ciphers = {0xc02f};
  server.extensions = {65281, 11, 35};
  EXPECT_EQ(ja3s_text(server), "771,49199,65281-11-35");
  EXPECT_EQ(digest(DigestKind::kMd5, ja3s_text(server)).hex(), "ccc514751b175866924439bdbb5bba34");
}

TEST(TlsFingerprint, Digests) {
  EXPECT_EQ(digest(DigestKind::kSha1, "abc").hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest(DigestKind::kSha256, "").hex().substr(0, 8), "e3b0c442");
}

}  // namespace
}  // namespace bulkhead::app::tls
