#include <gtest/gtest.h>

#include "datapath/app/protocol_table.h"
#include "datapath/app/ssh/ssh_transaction.h"
#include "datapath/app/tls/tls_transaction.h"
#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using bulkhead::Direction;
using test::Built;

// Whether the rule's only condition on transactions holds.
bool holds(const std::string& options, const app::Transaction& tx, Direction d) {
  const auto protocol = options.starts_with("ssh") ? app::AppProtocol::ssh : app::AppProtocol::tls;
  Built built(options);
  EXPECT_TRUE(built.fine()) << options << built.place();
  const auto& conditions = built.signature().transaction_conditions;
  EXPECT_EQ(conditions.size(), 1U) << options;
  return conditions.size() == 1 && conditions[0].holds(*app::find_protocol(protocol), tx, d);
}

void make(app::tls::TlsTransaction& tx) {
  tx.side(Direction::kToServer).version = 0x0304;
  app::tls::TlsSide& server = tx.side(Direction::kToClient);
  server.version = 0x0303;
  server.certificates = {"one", "two"};
  app::tls::Certificate c;
  c.subject = "C=DE, CN=host";
  c.issuer = "O=Lab";
  c.fingerprint = "90:86:a4:3b:f5:cf:1b:2e:4e:f7:97:96:f9:de:ba:b9:66:35:86:3f";
  c.not_before = 1420070400;  // 2015-01-01
  c.not_after = 1451606400;   // 2016-01-01
  server.certificate = c;
  tx.certificate_time = 1430000000;
}

TEST(TlsKeywords, VersionsAreThoseOfTheSideThatSends) {
  app::tls::TlsTransaction tx;
  make(tx);
  EXPECT_TRUE(holds("tls.version:1.3;", tx, Direction::kToServer));
  EXPECT_FALSE(holds("tls.version:1.3;", tx, Direction::kToClient));
  EXPECT_TRUE(holds("tls.version:0x0303;", tx, Direction::kToClient));
  EXPECT_TRUE(holds("ssl_version:tls1.1, TLS1.2;", tx, Direction::kToClient));
  EXPECT_FALSE(holds("ssl_version:!tls1.2,!sslv3;", tx, Direction::kToClient));
  EXPECT_TRUE(holds("ssl_version:!tls1.2;", tx, Direction::kToServer));
  tx.side(Direction::kToClient).version = 0x7f1c;
  EXPECT_TRUE(holds("tls.version:1.3;", tx, Direction::kToClient));
  EXPECT_TRUE(holds("ssl_version:tls1.3;", tx, Direction::kToClient));
  tx.side(Direction::kToClient).version = 0;
  EXPECT_FALSE(holds("ssl_version:!tls1.2;", tx, Direction::kToClient));
  EXPECT_EQ(Built("tls.version:1.4;").place(), "signature.tls_version.syntax@14+3");
  EXPECT_EQ(Built("ssl_version:!tls1.2,tls1.1;").place().substr(0, 27), "signature.ssl_version.mixed");
  EXPECT_EQ(Built("ssl_version:tls1.2,tls1.2;").place().substr(0, 27), "signature.ssl_version.twice");
  EXPECT_EQ(Built("ssl_version:tls1.9;").place().substr(0, 28), "signature.ssl_version.syntax");
}

TEST(TlsKeywords, StateIsThatOfTheLastMessage) {
  app::tls::TlsTransaction tx;
  tx.last_messages = app::tls::state::kServerHello;
  EXPECT_TRUE(holds("ssl_state:server_hello;", tx, Direction::kToServer));
  EXPECT_TRUE(holds("ssl_state:client_hello | server_hello;", tx, Direction::kToServer));
  EXPECT_TRUE(holds("ssl_state:!client_hello;", tx, Direction::kToServer));
  EXPECT_FALSE(holds("ssl_state:!server_hello;", tx, Direction::kToServer));
  EXPECT_FALSE(holds("ssl_state:client_keyx;", tx, Direction::kToServer));
  EXPECT_EQ(Built("ssl_state:hello;").place(), "signature.ssl_state.unknown@12+5");
}

TEST(TlsKeywords, TheServersCertificate) {
  app::tls::TlsTransaction tx;
  make(tx);
  const Direction d = Direction::kToClient;
  EXPECT_TRUE(holds("tls.subject:\"CN=host\";", tx, d));
  EXPECT_FALSE(holds("tls.subject:!\"CN=host\";", tx, d));
  EXPECT_TRUE(holds("tls.issuerdn:\"O=Lab\";", tx, d));
  EXPECT_TRUE(holds("tls.fingerprint:\"90:86:A4:3B:F5:cf:1b:2e:4e:f7:97:96:f9:de:ba:b9:66:35:86:3F\";", tx, d));
  EXPECT_FALSE(holds("tls.subject:!\"CN=host\";", tx, Direction::kToServer));  // it has none
  EXPECT_TRUE(holds("tls.cert_chain_len:2;", tx, d));
  EXPECT_FALSE(holds("tls.cert_chain_len:>2;", tx, d));
  EXPECT_EQ(Built("tls.fingerprint:\"90:86\";").place(), "signature.tls_fingerprint.length@19+5");
  EXPECT_EQ(Built("tls.subject:\"a|41|\";").place(), "signature.tls_name.bar@15+5");
}

TEST(TlsKeywords, DatesOfTheServersCertificate) {
  app::tls::TlsTransaction tx;
  make(tx);
  const Direction d = Direction::kToClient;
  EXPECT_TRUE(holds("tls_cert_valid;", tx, d));
  EXPECT_FALSE(holds("tls_cert_expired;", tx, d));
  EXPECT_TRUE(holds("tls_cert_notbefore:2015;", tx, d));
  EXPECT_TRUE(holds("tls_cert_notbefore:2015-01-01T00:00:00;", tx, d));
  EXPECT_TRUE(holds("tls_cert_notbefore:>2014-12-31 23:59:59;", tx, d));
  EXPECT_TRUE(holds("tls_cert_notafter:<2016-01-02;", tx, d));
  EXPECT_TRUE(holds("tls_cert_notafter:2015-12<>2016-02-03T04;", tx, d));
  tx.certificate_time = 1451606401;
  EXPECT_TRUE(holds("tls_cert_expired;", tx, d));
  EXPECT_FALSE(holds("tls_cert_valid;", tx, d));
  for (const char* bad : {"<=2013", "2015<>2013", "foo", "2015-13", "2015-1", "2015-01-01X00", "2015-01-01T24"}) {
    EXPECT_EQ(Built("tls_cert_notafter:" + std::string(bad) + ";").place().substr(0, 29),
              "signature.tls_validity.syntax")
        << bad;
  }
}

TEST(TlsKeywords, OldKeywordsOfSsh) {
  app::ssh::SshTransaction tx;
  tx.side(Direction::kToServer) = {"1.99", "OpenSSH_9.2", "", ""};
  EXPECT_TRUE(holds("ssh.protoversion:2_compat;", tx, Direction::kToServer));
  EXPECT_TRUE(holds("ssh.protoversion:1.99;", tx, Direction::kToServer));
  EXPECT_FALSE(holds("ssh.protoversion:2.0;", tx, Direction::kToServer));
  EXPECT_TRUE(holds("ssh.softwareversion:\"OpenSSH_9.2\";", tx, Direction::kToServer));
  EXPECT_FALSE(holds("ssh.softwareversion:OpenSSH;", tx, Direction::kToServer));
  EXPECT_FALSE(holds("ssh.protoversion:2_compat;", tx, Direction::kToClient));  // it has said nothing
  EXPECT_EQ(Built("ssh.protoversion:foo;").place(), "signature.ssh_protoversion.syntax@19+3");
}

}  // namespace
}  // namespace bulkhead::signatures
