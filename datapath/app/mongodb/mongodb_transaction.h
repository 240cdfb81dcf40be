// One MongoDB request and its reply.
//
// Progress 1 in a direction: the request, the reply is complete.
// Limits   256 bytes of names, 1 KB of messages, 32 operators.
// Tests    tests/unit/datapath/app/mongodb/mongodb_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::mongodb {

enum class MongodbEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/mongodb/mongodb_events.def"
#undef X
  kCount
};

class MongodbTransaction final : public Transaction {
 public:
  std::uint32_t request_id = 0;
  std::string_view opcode;  // msg, query, insert ...
  std::string command, database, collection;
  std::string user, mechanism;         // of a login
  std::string application, driver;     // of hello
  std::vector<std::string> operators;  // keys that begin with '$', in the request
  bool compressed = false;
  std::optional<bool> ok;
  std::string error, error_name;
  std::int64_t error_code = 0;
  bool auth_failed = false;

  void note(MongodbEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::mongodb
