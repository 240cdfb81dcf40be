// Apache Kafka: requests with api, client and topics; responses by correlation id, with the errors of logins.
//
//   request    size (4), api key (2), version (2), correlation id (4), client id (2 + n), (tags,) body
//   response   size (4), correlation id (4), (tags,) body
//
// Topics are read of produce, fetch, list offsets, metadata, create and delete topics, in their old and flexible forms.
//
// Thread   the worker owning the flow.
// Limits   8 KB of a message are looked at, messages of 128 MB; 256 requests wait for their response.
// Errors   KafkaEvent; a size that cannot be ends the parser.
// Source   kafka.apache.org/protocol
// Tests    tests/unit/datapath/app/kafka/kafka_parser_test.cpp, tests/fuzz/fuzz_kafka.cpp, tests/golden/kafka/
#pragma once

#include <deque>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/kafka/kafka_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::kafka {

class KafkaParser final : public FramedParser {
 public:
  KafkaParser() : FramedParser(8192) {}
  void end(Direction d, ByteSpan left) override;

 private:
  Measure measure(Direction d, ByteSpan data, std::uint64_t& length) override;
  ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) override;
  void request(ByteSpan body, bool cut);
  void response(ByteSpan body);

  std::deque<Held<KafkaTransaction>> waiting_;
};

[[nodiscard]] Probe probe_kafka(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::kafka
