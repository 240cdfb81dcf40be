// One AMQP 0-9-1 method (basic.publish, queue.declare ...) with its content's size. Methods go one way; an answer is a
// method of its own.
//
// Progress 1 in both directions from the start.
// Limits   255 bytes of names (the protocol's own).
// Tests    tests/unit/datapath/app/amqp/amqp_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::amqp {

enum class AmqpEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/amqp/amqp_events.def"
#undef X
  kCount
};

class AmqpTransaction final : public Transaction {
 public:
  bool from_server = false;
  std::uint16_t channel = 0;
  std::string method;  // "basic.publish", "protocol" for the header
  std::string version;
  std::string exchange, routing_key, queue, consumer, exchange_type;
  std::string mechanism, user, vhost, product;
  std::uint16_t reply_code = 0;
  std::string error;  // the text of close and return
  bool auth_failed = false;

  void note(AmqpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::amqp
