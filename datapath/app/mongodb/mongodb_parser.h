// MongoDB wire protocol: OP_MSG, OP_QUERY and OP_REPLY, the other old ones by name, OP_COMPRESSED by its head.
//
//   message   length, request id, response to, opcode (4 bytes each, little endian), body
//
// A reply belongs to the request whose id it names.
//
// Thread   the worker owning the flow.
// Limits   16 KB of a message are looked at, 64 requests wait for their reply.
// Errors   MongodbEvent; a head that cannot be ends the parser.
// Source   mongodb.com/docs, "MongoDB Wire Protocol"
// Tests    tests/unit/datapath/app/mongodb/mongodb_parser_test.cpp, tests/fuzz/fuzz_mongodb.cpp, tests/golden/mongodb/
#pragma once

#include <deque>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/mongodb/mongodb_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::mongodb {

class MongodbParser final : public FramedParser {
 public:
  MongodbParser() : FramedParser(16384) {}
  void end(Direction d, ByteSpan left) override;

 private:
  Measure measure(Direction d, ByteSpan data, std::uint64_t& length) override;
  ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) override;
  void request(MongodbTransaction& tx, std::uint32_t opcode, ByteSpan body, bool cut);
  void reply(MongodbTransaction& tx, std::uint32_t opcode, ByteSpan body, bool cut);
  MongodbTransaction& take_waiting(std::uint32_t id);

  std::deque<Held<MongodbTransaction>> waiting_;
};

[[nodiscard]] Probe probe_mongodb(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::mongodb
