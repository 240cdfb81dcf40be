// NATS client protocol: a line a message, and a payload behind PUB, HPUB, MSG and HMSG.
//
//   INFO {json} | CONNECT {json} | PUB subject [reply] bytes | HPUB subject [reply] head all | SUB subject [queue] sid
//   UNSUB sid [max] | MSG subject sid [reply] bytes | HMSG subject sid [reply] head all | PING | PONG | +OK | -ERR
//   'text'
//
// A client that begins with a TLS record after INFO changes the protocol.
//
// Thread   the worker owning the flow.
// Limits   lines of 32 KB (INFO), payloads of 64 MB, skipped uncopied.
// Errors   NatsEvent; a line that is none ends the parser.
// Source   docs.nats.io/reference/reference-protocols/nats-protocol
// Tests    tests/unit/datapath/app/nats/nats_parser_test.cpp, tests/fuzz/fuzz_nats.cpp, tests/golden/nats/
#pragma once

#include <array>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/nats/nats_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::nats {

class NatsParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  bool line(Direction d, std::string_view text);

  std::array<std::uint64_t, 2> skip_{};  // of a payload with its line end
  bool client_spoke_ = false;
};

[[nodiscard]] Probe probe_nats(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::nats
