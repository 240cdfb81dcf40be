// TLS as the rest of the engine sees it: how it is found, its buffers, its events.
#include <array>

#include "datapath/app/protocol.h"
#include "datapath/app/tls/tls_parser.h"
#include "datapath/app/tls/tls_transaction.h"

namespace bulkhead::app {

namespace tls {
namespace {

using Kind = BufferDef::Kind;
constexpr std::uint8_t kNever = BufferDef::kNever;
constexpr std::array<std::uint8_t, 2> kClientHello{stage::kHello, kNever};
constexpr std::array<std::uint8_t, 2> kServerHello{kNever, stage::kHello};
constexpr std::array<std::uint8_t, 2> kHellos{stage::kHello, stage::kHello};
constexpr std::array<std::uint8_t, 2> kCertificates{stage::kCertificate, stage::kCertificate};

TlsTransaction& tls_of(Transaction& tx) {
  return static_cast<TlsTransaction&>(tx);
}
const TlsSide& side_of(Transaction& tx, Direction d) {
  return tls_of(tx).side(d);
}

bool give(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

bool get_sni(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  const auto& hello = side_of(tx, d).hello;
  return hello && hello->sni && give(*hello->sni, out);
}
bool get_alpn(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  const auto& hello = side_of(tx, d).hello;
  return hello && index < hello->alpn.size() && give(hello->alpn[index], out);
}

template <std::string Certificate::*field>
bool get_certificate_field(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  const auto& certificate = side_of(tx, d).certificate;
  return certificate && give((*certificate).*field, out);
}
bool get_certificate(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  const auto& all = side_of(tx, d).certificates;
  return index < all.size() && give(all[index], out);
}

constexpr std::size_t kTime = 4;  // of the random bytes, the first four were meant to be the time
bool get_random(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  const auto& hello = side_of(tx, d).hello;
  if (!hello) return false;
  out.bytes = hello->random;
  return true;
}
bool get_random_time(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  if (!get_random(tx, d, 0, out)) return false;
  out.bytes = out.bytes.first(kTime);
  return true;
}
bool get_random_bytes(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  if (!get_random(tx, d, 0, out)) return false;
  out.bytes = out.bytes.subspan(kTime);
  return true;
}

template <TlsTransaction::Fingerprint TlsTransaction::*print, std::string TlsTransaction::Fingerprint::*part>
bool get_fingerprint(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const std::string& text = (tls_of(tx).*print).*part;
  return !text.empty() && give(text, out);
}
bool get_ja4(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return !tls_of(tx).ja4.empty() && give(tls_of(tx).ja4, out);
}

using Print = TlsTransaction::Fingerprint;
constexpr auto get_ja3_hash = get_fingerprint<&TlsTransaction::ja3, &Print::hash>;
constexpr auto get_ja3_string = get_fingerprint<&TlsTransaction::ja3, &Print::text>;
constexpr auto get_ja3s_hash = get_fingerprint<&TlsTransaction::ja3s, &Print::hash>;
constexpr auto get_ja3s_string = get_fingerprint<&TlsTransaction::ja3s, &Print::text>;

bool get_chain_length(const Transaction& tx, Direction d, std::uint32_t, std::uint64_t& out) {
  out = static_cast<const TlsTransaction&>(tx).side(d).certificates.size();
  return true;
}

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"tls.sni", "tls_sni", "", "The server name that the client asks for", Kind::kSingle, kClientHello, get_sni},
    {"tls.alpn", "", "", "The protocols that the client offers, the one that the server takes", Kind::kMulti, kHellos, get_alpn},
    {"tls.cert_subject", "tls_cert_subject", "", "Who the certificate is for", Kind::kSingle, kCertificates, get_certificate_field<&Certificate::subject>},
    {"tls.cert_issuer", "tls_cert_issuer", "", "Who has issued the certificate", Kind::kSingle, kCertificates, get_certificate_field<&Certificate::issuer>},
    {"tls.cert_serial", "tls_cert_serial", "", "The certificate's serial number, \"0A:1B\"", Kind::kSingle, kCertificates, get_certificate_field<&Certificate::serial>},
    {"tls.cert_fingerprint", "tls_cert_fingerprint", "", "SHA-1 of the certificate, \"0a:1b\"", Kind::kSingle, kCertificates, get_certificate_field<&Certificate::fingerprint>, 0, Feature::kNone, 59},
    {"tls.certs", "", "", "One certificate of the chain after the other, as DER", Kind::kMulti, kCertificates, get_certificate},
    {"tls.random", "", "", "The 32 random bytes of a hello", Kind::kSingle, kHellos, get_random},
    {"tls.random_time", "", "", "The first four of the random bytes", Kind::kSingle, kHellos, get_random_time},
    {"tls.random_bytes", "", "", "The random bytes behind the first four", Kind::kSingle, kHellos, get_random_bytes},
    {"ja3.hash", "ja3_hash", "", "JA3 of the client, MD5", Kind::kSingle, kClientHello, get_ja3_hash, 0, Feature::kJa3, 32},
    {"ja3.string", "ja3_string", "", "JA3 of the client as text", Kind::kSingle, kClientHello, get_ja3_string, 0, Feature::kJa3},
    {"ja3s.hash", "", "", "JA3S of the server, MD5", Kind::kSingle, kServerHello, get_ja3s_hash, 0, Feature::kJa3, 32},
    {"ja3s.string", "", "", "JA3S of the server as text", Kind::kSingle, kServerHello, get_ja3s_string, 0, Feature::kJa3},
    {"ja4.hash", "ja4_hash", "", "JA4 of the client", Kind::kSingle, kClientHello, get_ja4, 0, Feature::kJa4},
};

constexpr NumberDef kNumbers[] = {
    {"tls.cert_chain_len", "", "How many certificates the server has sent", NumberDef::Kind::kSingle, {kNever, stage::kCertificate}, get_chain_length},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/tls/tls_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<TlsParser>(settings);
}

}  // namespace
}  // namespace tls

const Protocol& protocol_tls() {
  static constexpr Protocol protocol{.id = AppProtocol::tls,
                                     .rule_prefix = "tls",
                                     .over_tcp = true,
                                     .complete = {tls::stage::kFinished, tls::stage::kFinished},
                                     .records = {"tls"},
                                     .probe = tls::probe_tls,
                                     .make = tls::make_parser,
                                     .buffers = tls::kBuffers,
                                     .events = tls::kEvents,
                                     .numbers = tls::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
