// The login to a MySQL server, or one command with its answer.
//
// Progress 1 in a direction: the client's part, the server's part is complete.
// Limits   4 KB of a query, 256 bytes of names, 1 KB of messages.
// Tests    tests/unit/datapath/app/mysql/mysql_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::mysql {

enum class MysqlEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/mysql/mysql_events.def"
#undef X
  kCount
};

class MysqlTransaction final : public Transaction {
 public:
  std::string command;  // login, query, init_db, stmt_prepare ...
  std::string query;    // SQL text
  std::string user, database, version, auth_plugin;
  bool tls = false;
  std::string status;  // ok, error, rows, infile
  std::string error, sql_state;
  std::uint16_t error_code = 0;
  std::optional<std::uint64_t> rows, affected_rows;
  std::string infile;  // the file that the server asks for
  bool auth_failed = false;

  void note(MysqlEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::mysql
