// One NATS message: INFO, CONNECT, PUB, SUB, MSG ... Each goes one way and has no answer of its own.
//
// Progress 1 in both directions from the start.
// Limits   256 bytes of names, 1 KB of errors.
// Tests    tests/unit/datapath/app/nats/nats_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::nats {

enum class NatsEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/nats/nats_events.def"
#undef X
  kCount
};

class NatsTransaction final : public Transaction {
 public:
  bool from_server = false;
  std::string command;  // upper case
  std::string subject, reply_to, queue;
  std::uint64_t payload_bytes = 0;
  std::string user, client, language, version;  // of CONNECT
  std::string server, server_version;           // of INFO
  bool auth_required = false, tls_required = false;
  std::string error;
  bool auth_failed = false;

  void note(NatsEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::nats
