// AMQP 0-9-1 (RabbitMQ).
//
//   header   "AMQP" 0 0 9 1
//   frame    type (1), channel (2), size (4), payload, 0xCE
//   method   class (2), method (2), arguments
//
// AMQP 1.0 is told by its header and not followed further.
//
// Thread   the worker owning the flow.
// Limits   4 KB of a frame are looked at; frames of 16 MB.
// Errors   AmqpEvent; a frame that cannot be ends the parser.
// Source   AMQP 0-9-1 specification, rabbitmq.com/resources/specs
// Tests    tests/unit/datapath/app/amqp/amqp_parser_test.cpp, tests/fuzz/fuzz_amqp.cpp, tests/golden/amqp/
#pragma once

#include <string>

#include "datapath/app/amqp/amqp_transaction.h"
#include "datapath/app/exchange_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::amqp {

class AmqpParser final : public FramedParser {
 public:
  AmqpParser() : FramedParser(4096) {}

 private:
  Measure measure(Direction d, ByteSpan data, std::uint64_t& length) override;
  ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) override;
  ParseResult::Status header(Direction d, ByteSpan shown);
  void method(AmqpTransaction& tx, ByteSpan payload);
  AmqpTransaction& begin(Direction d);
  static void complete(AmqpTransaction& tx);

  std::string user_;
  bool logged_in_ = false;
};

[[nodiscard]] Probe probe_amqp(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::amqp
