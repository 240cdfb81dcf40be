// SSL and TLS of one flow: records, the handshake in them, heartbeats. What is encrypted is stepped over.
//
//   type(1) version(2) length(2) | body        a handshake message: type(1) length(3) | body, over any number of
//   records
//
// Thread   the worker owning the flow.
// In       stream bytes of both directions; any cut. Out  one TlsTransaction.
// Limits   TlsSettings::max_message_bytes kept a direction; records shorter than six bytes on average are an event.
// Errors   TlsEvent (tls_events.def). What is no TLS record ends the parser.
// Source   RFC 8446, RFC 5246, RFC 6520 (heartbeat), RFC 6101 appendix E (SSL 2 hello)
// Tests    tests/unit/datapath/app/tls/tls_parser_test.cpp, tests/fuzz/fuzz_tls.cpp, tests/golden/tls/
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/tls/tls_transaction.h"

namespace bulkhead::app::tls {

[[nodiscard]] Probe probe_tls(Direction d, ByteSpan data, std::uint16_t server_port);

class TlsParser final : public AppParser {
 public:
  explicit TlsParser(const AppSettings& settings) : settings_(settings.tls) {}

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Step : std::uint8_t { kOn, kWait, kStop };  // kWait: not enough bytes; kStop: no TLS
  struct Side {
    bool in_record = false;
    std::uint8_t type = 0;
    std::uint16_t record_length = 0;
    std::uint32_t body_left = 0;
    bool first_record = true;
    bool encrypted = false;             // a ChangeCipherSpec of TLS 1.2 or before
    std::vector<Byte> pieces;           // of a handshake message that is not whole yet
    std::array<Byte, 3> heartbeat{};    // type and payload length
    std::uint8_t heartbeat_kept = 0;    // bytes of it that have come
    std::uint32_t skip = 0;             // bytes of a handshake message that nobody looks at
    std::uint32_t heartbeat_bytes = 0;  // of an encrypted request that waits for its answer
    bool ended = false;
  };

  [[nodiscard]] Side& side(Direction d) { return sides_[bulkhead::index_of(d)]; }
  TlsTransaction& transaction(const ParseMoment& moment);
  Step next_record(Direction d, ByteReader& in);
  void application_data(Direction d);
  Step sslv2_record(Direction d, ByteReader& in);
  void body(Direction d, ByteSpan bytes);
  void record_end(Direction d);
  void handshake_bytes(Direction d, ByteSpan bytes);
  // A message's header has been read: should its bytes be kept?
  bool begin_message(Direction d, std::uint8_t type, std::uint32_t length);
  void message(Direction d, std::uint8_t type, ByteSpan bytes);
  void client_hello(Hello&& hello);
  void server_hello(Hello&& hello);
  void certificates(Direction d, ByteSpan bytes);
  void heartbeat(Direction d);
  void change_cipher(Direction d);
  void handshake_done();
  void finish();

  const TlsSettings settings_;
  Held<TlsTransaction> tx_;
  std::array<Side, 2> sides_;  // by Direction
  bool stop_ = false;          // the message in hand cannot be read
  bool encrypted_data_ = false, finished_ = false;
  Timestamp now_;
};

}  // namespace bulkhead::app::tls
