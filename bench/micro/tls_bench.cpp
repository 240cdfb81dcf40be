// TLS and SSH parsers alone: a handshake with a certificate of a real size, and encrypted data behind it. Reported in
// ns per KB (kilobyte_ns); the limit that the design sets is 2,000.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "datapath/app/protocol_table.h"
#include "tests/support/tls_builder.h"

namespace bulkhead::bench {
namespace {

using namespace bulkhead::test;

struct Piece {
  Direction direction;
  std::string bytes;
};
using Conversation = std::vector<Piece>;
constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

std::string made_certificate() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 123456789);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86400);
  X509_NAME* name = X509_get_subject_name(x509.get());
  for (const auto& [type, value] :
       {std::pair{"C", "DE"}, {"ST", "Berlin"}, {"O", "Example"}, {"CN", "www.example.org"}}) {
    X509_NAME_add_entry_by_txt(name, type, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  }
  X509_set_issuer_name(x509.get(), name);
  X509_set_pubkey(x509.get(), key.get());
  X509_sign(x509.get(), key.get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int length = i2d_X509(x509.get(), &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

Conversation handshake() {
  HelloParts client;
  client.ciphers.clear();
  for (std::uint16_t c = 0; c < 16; ++c) client.ciphers.push_back(static_cast<std::uint16_t>(0xc020 + c));
  client.extensions =
      tls_sni("www.example.org") + tls_alpn({"h2", "http/1.1"}) + tls_extension(10, counted(numbers({29, 23, 24}), 2)) +
      tls_extension(13, counted(numbers({0x0403, 0x0804, 0x0401}), 2)) + tls_extension(21, std::string(200, '\0'));
  const std::string own = made_certificate(), issuer = made_certificate();
  HelloParts server;
  return {{kClient, tls_record(22, tls_message(1, client_hello_body(client)), 0x0301)},
          {kServer, tls_record(22, tls_message(2, server_hello_body(server)) +
                                       tls_message(11, certificates_body({own, issuer})) +
                                       tls_message(12, std::string(300, 'k')) + tls_message(14, ""))},
          {kClient, tls_record(22, tls_message(16, std::string(66, 'k'))) + tls_record(20, "\1") +
                        tls_record(22, std::string(40, 'e'))},
          {kServer, tls_record(20, "\1") + tls_record(22, std::string(40, 'e'))}};
}

// A megabyte in records of 16 KB, given in segments of 1,448 bytes.
Conversation with_data() {
  Conversation out = handshake();
  std::string data;
  while (data.size() < std::size_t{1} << 20) data += tls_record(23, std::string(16384, 'd'));
  for (std::size_t at = 0; at < data.size(); at += 1448) out.push_back({kServer, data.substr(at, 1448)});
  return out;
}

Conversation ssh() {
  const std::string list = "curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group16-sha512,aes128-ctr,aes256-ctr";
  const std::string offer = ssh_offer({list, list, list, list, list, list, "none", "none", "", ""});
  return {{kClient, "SSH-2.0-OpenSSH_9.2\r\n"},
          {kServer, "SSH-2.0-OpenSSH_9.0\r\n"},
          {kClient, offer},
          {kServer, offer},
          {kClient, ssh_packet("\x1e" + std::string(40, 'k'))},
          {kServer, ssh_packet("\x1f" + std::string(300, 'k')) + ssh_packet("\x15")},
          {kClient, ssh_packet("\x15")}};
}

void parse(benchmark::State& state, app::AppProtocol id, const Conversation& conversation, bool fingerprints) {
  app::AppSettings settings;
  settings.tls.rules_use_ja3 = settings.tls.rules_use_ja4 = settings.ssh.rules_use_hassh = fingerprints;
  const app::Protocol& protocol = *app::find_protocol(id);
  std::size_t bytes = 0;
  for (const Piece& piece : conversation) bytes += piece.bytes.size();
  for (auto _ : state) {
    const auto parser = protocol.make(settings);
    for (const Piece& piece : conversation) {
      const ByteSpan span(reinterpret_cast<const Byte*>(piece.bytes.data()), piece.bytes.size());
      benchmark::DoNotOptimize(parser->parse(piece.direction, span, {}));
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
  using benchmark::Counter;
  state.counters["kilobyte_ns"] =
      Counter(static_cast<double>(bytes) / 1024 * 1e-9, Counter::kIsIterationInvariantRate | Counter::kInvert);
}

void tls_handshake(benchmark::State& state) {
  parse(state, app::AppProtocol::tls, handshake(), state.range(0) != 0);
}
void tls_data(benchmark::State& state) {
  parse(state, app::AppProtocol::tls, with_data(), false);
}
void ssh_exchange(benchmark::State& state) {
  parse(state, app::AppProtocol::ssh, ssh(), state.range(0) != 0);
}
BENCHMARK(tls_handshake)->ArgName("fingerprints")->Arg(0)->Arg(1);
BENCHMARK(tls_data);
BENCHMARK(ssh_exchange)->ArgName("fingerprints")->Arg(0)->Arg(1);

}  // namespace
}  // namespace bulkhead::bench
