#include "datapath/app/tls/tls_hello.h"

#include <gtest/gtest.h>

#include "datapath/app/tls/tls_version.h"
#include "tests/support/tls_builder.h"

namespace bulkhead::app::tls {
namespace {

using namespace bulkhead::test;

ByteSpan bytes(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

TEST(TlsHello, ClientSaysWhatItWants) {
  HelloParts parts;
  parts.session_id = "session";
  parts.extensions = tls_sni("example.org") + tls_alpn({"h2", "http/1.1"}) +
                     tls_extension(43, counted(numbers({0x1a1a, 0x0304, 0x0303}), 1)) +
                     tls_extension(10, counted(numbers({29, 23}), 2)) + tls_extension(11, std::string("\1\0", 2)) +
                     tls_extension(35, "ticket") + tls_extension(42, "");
  Hello hello;
  TlsEvents events;
  ASSERT_TRUE(read_client_hello(bytes(client_hello_body(parts)), hello, events));
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(hello.wire_version, 0x0303);
  EXPECT_EQ(hello.version, 0x0304);  // the first one that is no GREASE
  EXPECT_EQ(hello.sni, "example.org");
  EXPECT_EQ(hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(hello.groups, (std::vector<std::uint16_t>{29, 23}));
  EXPECT_EQ(hello.point_formats, (std::vector<std::uint8_t>{0}));
  EXPECT_EQ(hello.extensions, (std::vector<std::uint16_t>{0, 16, 43, 10, 11, 35, 42}));
  EXPECT_TRUE(hello.has_ticket);
  EXPECT_TRUE(hello.early_data);
  EXPECT_EQ(hello.session_id.size(), 7U);
}

TEST(TlsHello, EveryCutIsRefusedOrShorter) {
  HelloParts parts;
  parts.extensions = tls_sni("example.org") + tls_alpn({"h2"});
  const std::string whole = client_hello_body(parts);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    Hello hello;
    TlsEvents events;
    const bool readable = read_client_hello(bytes(whole.substr(0, length)), hello, events);
    // Without extensions it is a hello of the old kind; in between it is none.
    EXPECT_EQ(readable, length == whole.size() - parts.extensions.size() - 2) << length;
    EXPECT_FALSE(hello.sni && readable);
  }
}

TEST(TlsHello, OddServerNames) {
  const auto events_of = [](const std::string& extensions) {
    HelloParts parts;
    parts.extensions = extensions;
    Hello hello;
    TlsEvents events;
    EXPECT_TRUE(read_client_hello(bytes(client_hello_body(parts)), hello, events));
    return events;
  };
  EXPECT_EQ(events_of(tls_sni("a") + tls_sni("b")), TlsEvents{TlsEvent::multiple_sni_extensions});
  EXPECT_EQ(events_of(tls_extension(0, counted(be(1, 1) + counted("a", 2), 2))), TlsEvents{TlsEvent::invalid_sni_type});
  EXPECT_EQ(events_of(tls_sni(std::string(256, 'a'))), TlsEvents{TlsEvent::invalid_sni_length});
  EXPECT_EQ(events_of(tls_extension(0, std::string("\0\5\0\0\x9z", 6))), TlsEvents{TlsEvent::invalid_sni_length});
  EXPECT_TRUE(events_of(tls_extension(0, "")).empty());
}

TEST(TlsHello, ServersOfEveryTime) {
  const auto read = [](const std::string& body) {
    Hello hello;
    TlsEvents events;
    EXPECT_TRUE(read_server_hello(bytes(body), hello, events));
    return hello;
  };
  HelloParts parts;
  parts.extensions = tls_extension(43, be(0x0304, 2));
  EXPECT_EQ(read(server_hello_body(parts)).version, version::kTls13);
  parts.extensions = tls_extension(43, be(0x7f1c, 2));
  EXPECT_EQ(version_name(read(server_hello_body(parts)).version), "TLS 1.3 draft-28");
  // Before draft 22: no session id, no compression.
  const std::string random(32, 'R'), rest = be(0x1301, 2) + counted(tls_extension(40, "x"), 2);
  const Hello draft18 = read(be(0x7f12, 2) + random + rest);
  EXPECT_EQ(version_name(draft18.version), "TLS 1.3 draft-18");
  EXPECT_EQ(draft18.ciphers, (std::vector<std::uint16_t>{0x1301}));
  EXPECT_EQ(version_name(read(be(0x0304, 2) + random + rest).version), "TLS 1.3 draft-<16");
}

TEST(TlsHello, NamesOfVersions) {
  EXPECT_EQ(version_name(0), "UNDETERMINED");
  EXPECT_EQ(version_name(0x0002 << 8), "SSLv2");
  EXPECT_EQ(version_name(0x0300), "SSLv3");
  EXPECT_EQ(version_name(0x0301), "TLSv1");
  EXPECT_EQ(version_name(0x0302), "TLS 1.1");
  EXPECT_EQ(version_name(0x0303), "TLS 1.2");
  EXPECT_EQ(version_name(0x0304), "TLS 1.3");
  EXPECT_EQ(version_name(0x7f0e), "TLS 1.3 draft-<16");
  EXPECT_EQ(version_name(0x7f17), "TLS 1.3 draft-23");
  EXPECT_EQ(version_name(0xfb17), "TLS 1.3 draft-23-fb");
  EXPECT_EQ(version_name(0x7e01), "0x7e01");
}

TEST(TlsHello, TheOldHelloOfSsl2) {
  const std::string body =
      be(0x0301, 2) + be(6, 2) + be(0, 2) + be(16, 2) + be(0x000004, 3) + be(0x010080, 3) + std::string(16, 'c');
  Hello hello;
  ASSERT_TRUE(read_sslv2_client_hello(bytes(body), hello));
  EXPECT_EQ(hello.ciphers, (std::vector<std::uint16_t>{4}));
  EXPECT_EQ(hello.random[31], 'c');
  EXPECT_FALSE(read_sslv2_client_hello(bytes(body.substr(0, 20)), hello));
}

}  // namespace
}  // namespace bulkhead::app::tls
