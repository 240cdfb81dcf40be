#include "datapath/app/tls/tls_parser.h"

#include <algorithm>

#include "datapath/app/digest.h"
#include "datapath/app/tls/tls_fingerprint.h"
#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {

namespace {

constexpr Direction kServerSide = Direction::kToClient;  // what the server sends
constexpr Direction kClientSide = Direction::kToServer;

namespace content {
constexpr std::uint8_t kChangeCipherSpec = 20, kHandshake = 22, kApplicationData = 23, kHeartbeat = 24;
}
namespace handshake {
constexpr std::uint8_t kClientHello = 1, kServerHello = 2, kCertificate = 11, kServerKeyExchange = 12,
                       kCertificateRequest = 13, kClientKeyExchange = 16;
}

constexpr std::size_t kRecordHeader = 5, kMessageHeader = 4;
constexpr std::size_t kRecordWithContent = 6;  // the shortest: records shorter than that on average are an attack
// 2^14 and what compression and encryption may add (RFC 5246 6.2.3).
constexpr std::uint16_t kMaxRecordLength = (1 << 14) + 2047;
constexpr std::size_t kKeptHeartbeat = 3;  // type and payload length

bool is_version(std::uint16_t v) {
  return (v >= version::kSsl3 && v <= version::kTls13) || is_draft13(v);
}

// SSL 2's hello: two bytes of length with the high bit set, type 1, a version, then lengths that must make sense.
bool looks_like_sslv2(ByteSpan data) {
  if (data.size() < 5 || (data[0] & 0x80) == 0 || data[2] != handshake::kClientHello) return false;
  const unsigned v = data[3] * 256U + data[4];
  return v == 0x0002 || (v >= version::kSsl3 && v <= version::kTls12);
}

// Types of messages that exist (IANA, TLS HandshakeType).
bool is_message(std::uint8_t type) {
  constexpr std::uint8_t kLastOfTheRow = 26, kNextProtocol = 67;
  return type <= kLastOfTheRow || type == kNextProtocol;
}

std::uint8_t state_of(std::uint8_t message) {
  switch (message) {
    case handshake::kClientHello: return state::kClientHello;
    case handshake::kServerHello: return state::kServerHello;
    case handshake::kClientKeyExchange: return state::kClientKeyExchange;
    case handshake::kServerKeyExchange: return state::kServerKeyExchange;
    default: return 0;
  }
}

TlsEvent event_of(CertificateError error) {
  switch (error) {
    case CertificateError::kLength: return TlsEvent::certificate_invalid_length;
    case CertificateError::kVersion: return TlsEvent::certificate_invalid_version;
    case CertificateError::kSerial: return TlsEvent::certificate_invalid_serial;
    case CertificateError::kAlgorithm: return TlsEvent::certificate_invalid_algorithmidentifier;
    case CertificateError::kIssuer: return TlsEvent::certificate_invalid_issuer;
    case CertificateError::kValidity: return TlsEvent::certificate_invalid_validity;
    case CertificateError::kDate: return TlsEvent::certificate_invalid_date;
    case CertificateError::kSubject: return TlsEvent::certificate_invalid_subject;
    default: return TlsEvent::certificate_invalid_der;
  }
}

}  // namespace

Probe probe_tls(Direction d, ByteSpan data, std::uint16_t) {
  constexpr std::size_t kNeeded = 3;
  if (data[0] == content::kHandshake) {
    if (data.size() >= 2 && data[1] != 3) return Probe::kNo;
    if (data.size() < kNeeded) return Probe::kMore;
    return data[2] <= 3 ? Probe::kYes : Probe::kNo;
  }
  if (d != kClientSide || (data[0] & 0x80) == 0) return Probe::kNo;
  if (data.size() < 5) return data.size() < kNeeded || data[2] == handshake::kClientHello ? Probe::kMore : Probe::kNo;
  return looks_like_sslv2(data) ? Probe::kYes : Probe::kNo;
}

TlsTransaction& TlsParser::transaction(const ParseMoment& moment) {
  if (tx_ == nullptr) {
    tx_ = &add<TlsTransaction>();
    if (is_known(moment.before)) tx_->before = name_of(moment.before);
  }
  return *tx_;
}

ParseResult TlsParser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  if (finished_) return {ParseResult::Status::kDone, data.size()};
  TlsTransaction& tx = transaction(moment);
  now_ = moment.now;
  Side& s = side(d);
  const std::uint8_t messages_before = tx.last_messages;
  tx.last_messages = 0;
  ByteReader in(data);
  Step step = Step::kOn;
  std::size_t records = 0;
  const std::size_t max_records = std::max<std::size_t>(data.size() / kRecordWithContent, 1);
  while (step == Step::kOn && !in.at_end()) {
    if (!s.in_record) {
      if (++records > max_records) {
        tx.note(TlsEvent::too_many_records_in_packet);
        step = Step::kStop;
        break;
      }
      step = next_record(d, in);
      if (step != Step::kOn) break;
    }
    if (!s.in_record) continue;
    // Messages are read when their record is whole: that is when the reference reads them.
    if (s.type == content::kHandshake && !s.encrypted && in.remaining() < s.body_left) break;
    const ByteSpan bytes = in.bytes(std::min<std::size_t>(s.body_left, in.remaining()));
    s.body_left -= static_cast<std::uint32_t>(bytes.size());
    body(d, bytes);
    if (s.body_left == 0) record_end(d);
    if (stop_) step = Step::kStop;
  }
  // A server that wants a certificate as well is done with its own when it has got that one.
  if (!tx.server().certificates.empty() && (!tx.certificate_requested || tx.client_certificate_seen)) {
    if (tx.progress[bulkhead::index_of(kServerSide)] < stage::kCertificate)
      tx.advance(kServerSide, stage::kCertificate);
  }
  if (tx.last_messages != messages_before) tx.touch_both();
  ParseResult result;
  result.consumed = in.position();
  if (step == Step::kStop) {
    result.status = ParseResult::Status::kError;
    tx.logged = true;  // what is no TLS leaves no record, as with the reference
    return result;
  }
  if (encrypted_data_ && settings_.encryption == EncryptionHandling::kDefault) result.opaque = true;
  if (encrypted_data_ && settings_.encryption == EncryptionHandling::kBypass) {
    result.status = ParseResult::Status::kBypass;
    finish();
  }
  return result;
}

// --- records ---

TlsParser::Step TlsParser::next_record(Direction d, ByteReader& in) {
  Side& s = side(d);
  if (s.first_record && d == kClientSide && (in.rest()[0] & 0x80) != 0) return sslv2_record(d, in);
  if (in.remaining() < kRecordHeader) return Step::kWait;
  s.type = in.u8();
  const std::uint16_t record_version = in.be16();
  s.record_length = in.be16();
  s.body_left = s.record_length;
  s.first_record = false;
  TlsSide& seen = tx_->side(d);
  if (!seen.hello) seen.version = record_version;
  if (s.type < content::kChangeCipherSpec || s.type > content::kHeartbeat) {
    if (!seen.hello) seen.version = version::kUnknown;
    tx_->note(TlsEvent::invalid_record_type);
    return Step::kStop;
  }
  if (!seen.hello && !is_version(record_version)) {
    tx_->note(TlsEvent::invalid_record_version);
    return Step::kStop;
  }
  if (s.record_length > kMaxRecordLength) {
    tx_->note(TlsEvent::invalid_record_length);
    return Step::kStop;
  }
  s.in_record = true;
  if (s.type == content::kApplicationData) application_data(d);
  if (s.body_left == 0) record_end(d);
  return Step::kOn;
}

// A record of it has begun.
void TlsParser::application_data(Direction d) {
  // Early data comes before the server has said anything (RFC 8446 2.3).
  if (d == kClientSide && tx_->client().hello && tx_->client().hello->early_data && !tx_->server().hello) return;
  encrypted_data_ = true;
  handshake_done();
}

TlsParser::Step TlsParser::sslv2_record(Direction d, ByteReader& in) {
  if (in.remaining() < 5) return Step::kWait;
  const ByteSpan header = in.rest();
  const std::size_t length = (header[0] & 0x7fU) << 8 | header[1];
  if (!looks_like_sslv2(header) || length < 9) {
    tx_->note(TlsEvent::invalid_sslv2_header);
    return Step::kStop;
  }
  if (in.remaining() < 2 + length) return Step::kWait;
  in.skip(3);
  Hello hello;
  if (!read_sslv2_client_hello(in.bytes(length - 1), hello)) {
    tx_->note(TlsEvent::invalid_handshake_message);
    return Step::kStop;
  }
  side(d).first_record = false;
  tx_->last_messages = state::kClientHello;
  hello.version = version::kSsl2;
  client_hello(std::move(hello));
  return Step::kOn;
}

void TlsParser::body(Direction d, ByteSpan bytes) {
  Side& s = side(d);
  switch (s.type) {
    case content::kHandshake:
      if (!s.encrypted) handshake_bytes(d, bytes);
      return;
    case content::kHeartbeat:
      for (std::size_t i = 0; i < bytes.size() && s.heartbeat_kept < s.heartbeat.size(); ++i) {
        s.heartbeat[s.heartbeat_kept++] = bytes[i];
      }
      return;
    default: return;
  }
}

void TlsParser::record_end(Direction d) {
  Side& s = side(d);
  s.in_record = false;
  switch (s.type) {
    case content::kChangeCipherSpec: change_cipher(d); return;
    case content::kHeartbeat: heartbeat(d); return;
    default: return;
  }
}

void TlsParser::change_cipher(Direction d) {
  // In TLS 1.3 it means nothing (RFC 8446 D.4): what is encrypted there comes as application data.
  const TlsSide& server = tx_->server();
  if (server.hello && is_tls13(server.version)) return;
  if (!server.hello && tx_->client().hello && is_tls13(tx_->client().version)) return;
  side(d).encrypted = true;
  // A server that goes on without a certificate has taken up the session of a ticket.
  const TlsSide& client = tx_->client();
  if (d == kServerSide && client.hello && server.hello && server.certificates.empty() && client.hello->has_ticket) {
    tx_->session_resumed = true;
  }
}

void TlsParser::handshake_done() {
  if (tx_->handshake_done) return;
  tx_->handshake_done = true;
  tx_->advance(kClientSide, stage::kDone);
  tx_->advance(kServerSide, stage::kDone);
}

// RFC 6520: type, length of the payload, payload, at least 16 bytes of padding.
void TlsParser::heartbeat(Direction d) {
  constexpr std::uint32_t kPadding = 16;
  Side& s = side(d);
  const auto& kept = s.heartbeat;
  if (std::exchange(s.heartbeat_kept, std::uint8_t{0}) < kKeptHeartbeat) return;
  Side& other = side(opposite(d));
  if (s.encrypted) {
    // All that can be seen: an answer repeats the request, so it cannot be longer.
    if (other.heartbeat_bytes == 0) {
      s.heartbeat_bytes = s.record_length;
    } else {
      if (s.record_length > other.heartbeat_bytes) tx_->note(TlsEvent::dataleak_heartbeat_mismatch);
      other.heartbeat_bytes = 0;
    }
    return;
  }
  const std::uint8_t type = kept[0];
  const std::uint32_t payload = kept[1] * 256U + kept[2];
  if (type != 1 && type != 2) {
    tx_->note(TlsEvent::invalid_heartbeat_message);
  } else if (payload + kKeptHeartbeat > s.record_length) {
    tx_->note(TlsEvent::overflow_heartbeat_message);
  } else if (s.record_length - kKeptHeartbeat - payload < kPadding) {
    tx_->note(TlsEvent::invalid_heartbeat_message);
  }
}

// --- handshake ---

void TlsParser::handshake_bytes(Direction d, ByteSpan bytes) {
  Side& s = side(d);
  while (!bytes.empty() && !stop_) {
    if (s.skip > 0) {
      const std::size_t n = std::min<std::size_t>(s.skip, bytes.size());
      s.skip -= static_cast<std::uint32_t>(n);
      bytes = bytes.subspan(n);
      continue;
    }
    if (s.pieces.empty() && bytes.size() >= kMessageHeader) {
      const std::uint32_t length = load_be24(&bytes[1]);
      if (!begin_message(d, bytes[0], length)) {
        bytes = bytes.subspan(kMessageHeader);
        continue;
      }
      if (bytes.size() >= kMessageHeader + length) {  // whole, where it lies
        message(d, bytes[0], bytes.subspan(kMessageHeader, length));
        bytes = bytes.subspan(kMessageHeader + length);
        continue;
      }
    }
    const bool header = s.pieces.size() < kMessageHeader;
    const std::size_t wanted = header ? kMessageHeader : kMessageHeader + load_be24(&s.pieces[1]);
    const std::size_t n = std::min(wanted - s.pieces.size(), bytes.size());
    s.pieces.insert(s.pieces.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (s.pieces.size() < wanted) return;
    if (header && !begin_message(d, s.pieces[0], load_be24(&s.pieces[1]))) {
      s.pieces.clear();
      continue;
    }
    if (s.pieces.size() < kMessageHeader + load_be24(&s.pieces[1])) continue;
    const std::vector<Byte> whole = std::exchange(s.pieces, {});
    message(d, whole[0], ByteSpan(whole).subspan(kMessageHeader));
  }
}

// False: nothing in it is of interest; its bytes are stepped over.
bool TlsParser::begin_message(Direction d, std::uint8_t type, std::uint32_t length) {
  Side& s = side(d);
  const bool wanted =
      type == handshake::kClientHello || type == handshake::kServerHello || type == handshake::kCertificate;
  if (wanted && length <= settings_.max_message_bytes) return true;
  if (!is_message(type)) tx_->note(TlsEvent::invalid_handshake_message);
  if (wanted) tx_->note(TlsEvent::handshake_invalid_length);
  s.skip = length;
  if (const std::uint8_t word = state_of(type); word != 0) tx_->last_messages = word;
  if (type == handshake::kCertificateRequest) tx_->certificate_requested = true;
  return false;
}

void TlsParser::message(Direction d, std::uint8_t type, ByteSpan bytes) {
  if (const std::uint8_t word = state_of(type); word != 0) tx_->last_messages = word;
  if (type == handshake::kCertificate) {
    certificates(d, bytes);
    return;
  }
  Hello hello;
  TlsEvents events;
  const bool client = type == handshake::kClientHello;
  const bool readable = client ? read_client_hello(bytes, hello, events) : read_server_hello(bytes, hello, events);
  for (const TlsEvent e : events) tx_->note(e);
  if (!readable) {
    constexpr std::size_t kVersionAndRandom = 34;
    const bool empty = bytes.size() < kVersionAndRandom;
    tx_->note(empty ? TlsEvent::handshake_invalid_length : TlsEvent::invalid_handshake_message);
    stop_ = true;
  } else if (client && d == kClientSide) {
    client_hello(std::move(hello));
  } else if (!client && d == kServerSide) {
    server_hello(std::move(hello));
  }
}

// The first one counts; a second follows a HelloRetryRequest and says the same.
void TlsParser::client_hello(Hello&& hello) {
  TlsSide& client = tx_->side(kClientSide);
  if (client.hello) return;
  if (settings_.make_ja3() && !hello.sslv2) {
    tx_->ja3.text = ja3_text(hello);
    tx_->ja3.hash = digest(DigestKind::kMd5, tx_->ja3.text).hex();
  }
  if (settings_.make_ja4() && !hello.sslv2) tx_->ja4 = ja4_text(hello, 't');
  client.version = hello.version;
  client.hello = std::move(hello);
  tx_->advance(kClientSide, stage::kHello);
  tx_->touch(kServerSide);
}

void TlsParser::server_hello(Hello&& hello) {
  TlsSide& server = tx_->side(kServerSide);
  if (server.hello) return;
  if (settings_.make_ja3()) {
    tx_->ja3s.text = ja3s_text(hello);
    tx_->ja3s.hash = digest(DigestKind::kMd5, tx_->ja3s.text).hex();
  }
  server.version = hello.version;
  const auto& client = tx_->side(kClientSide).hello;
  if (client && hello.version <= version::kTls12 && !hello.session_id.empty() &&
      hello.session_id == client->session_id) {
    tx_->session_resumed = true;
  }
  if (!is_version(hello.version)) tx_->note(TlsEvent::invalid_record_version);
  server.hello = std::move(hello);
  tx_->advance(kServerSide, stage::kHello);
  tx_->touch(kClientSide);
}

// length(3) of the list, then length(3) and DER of each.
void TlsParser::certificates(Direction d, ByteSpan bytes) {
  TlsSide& s = tx_->side(d);
  if (!s.certificates.empty()) return;
  ByteReader in(bytes);
  const std::uint32_t length = in.be24();
  if (in.failed() || length > in.remaining()) {
    tx_->note(TlsEvent::invalid_certificate);
    return;
  }
  ByteReader list(in.bytes(length));
  while (!list.at_end() && s.certificates.size() < settings_.max_certificates) {
    const std::uint32_t size = list.be24();
    if (list.failed() || size == 0 || size > list.remaining()) {
      tx_->note(TlsEvent::invalid_certificate);
      break;
    }
    const ByteSpan der = list.bytes(size);
    s.certificates.emplace_back(der.begin(), der.end());
    if (s.certificates.size() > 1) continue;
    Certificate first;
    const CertificateError error = read_certificate(der, first);
    if (error != CertificateError::kNone) {
      tx_->note(TlsEvent::invalid_certificate);
      if (error != CertificateError::kDer && error != CertificateError::kLength) tx_->note(event_of(error));
    } else {
      s.certificate = std::move(first);
    }
  }
  tx_->certificate_time = now_.seconds();
  if (s.certificates.empty()) return;
  if (d == kClientSide) {
    tx_->client_certificate_seen = true;
    tx_->advance(kClientSide, stage::kCertificate);
  }
}

// --- gaps and the end ---

// What is in the gap of a record's body is lost; a lost header cannot be found again.
bool TlsParser::gap(Direction d, std::uint64_t length) {
  Side& s = side(d);
  s.pieces.clear();
  if (tx_ == nullptr || !s.in_record || length > s.body_left || s.type == content::kHandshake) return false;
  s.body_left -= static_cast<std::uint32_t>(length);
  if (s.body_left == 0) record_end(d);
  return true;
}

void TlsParser::end(Direction d, ByteSpan) {
  side(d).ended = true;
  if (tx_ != nullptr && side(opposite(d)).ended) finish();
}

// From now on the transaction may be given up at any time.
void TlsParser::finish() {
  finished_ = true;
  if (tx_ == nullptr) return;
  tx_->advance(kClientSide, stage::kFinished);
  tx_->advance(kServerSide, stage::kFinished);
}

}  // namespace bulkhead::app::tls
