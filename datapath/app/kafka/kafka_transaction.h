// One Kafka request and its response.
//
// Progress 1 in a direction: the request, the response is complete.
// Limits   16 topics, 255 bytes of names, 1 KB of messages.
// Tests    tests/unit/datapath/app/kafka/kafka_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::kafka {

inline constexpr std::size_t kMaxTopics = 16;

enum class KafkaEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/kafka/kafka_events.def"
#undef X
  kCount
};

class KafkaTransaction final : public Transaction {
 public:
  std::uint16_t api_key = 0, api_version = 0;
  std::uint32_t correlation = 0;
  std::string api;  // produce, fetch, metadata ...
  std::string client_id;
  std::vector<std::string> topics;
  std::string group;
  std::string mechanism, user;  // of a SASL login
  std::optional<std::int16_t> error_code;
  std::string error;
  bool auth_failed = false;

  void note(KafkaEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::kafka
