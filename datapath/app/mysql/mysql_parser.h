// MySQL and MariaDB client protocol.
//
//   packet     length (3, little endian), sequence (1), payload; the next command begins at sequence 0
//   login      greeting <-, (TLS request ->,) response ->, ... <-> ..., OK or ERR <-
//   command    code and arguments ->; OK, ERR, result set, or a request for a local file <-
//
// Result sets are followed row by row to their end, with and without EOF packets, several results included. TLS after
// the login's request is a change of protocol; a compressed connection ends the parsing.
//
// Thread   the worker owning the flow.
// Limits   4 KB of a packet are looked at, the rest is skipped.
// Errors   MysqlEvent; a packet that cannot be ends the parser.
// Source   dev.mysql.com/doc/dev/mysql-server, "Client/Server Protocol"; mariadb.com/kb, "Client/Server Protocol"
// Tests    tests/unit/datapath/app/mysql/mysql_parser_test.cpp, tests/fuzz/fuzz_mysql.cpp, tests/golden/mysql/
#pragma once

#include <cstdint>
#include <string>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/mysql/mysql_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::mysql {

class MysqlParser final : public FramedParser {
 public:
  MysqlParser() : FramedParser(4096) {}
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Phase : std::uint8_t { kGreeting, kLogin, kAuthentication, kCommands };
  enum class Answer : std::uint8_t { kNone, kFirst, kColumns, kColumnsEnd, kRows, kDefinitions };

  Measure measure(Direction d, ByteSpan data, std::uint64_t& length) override;
  ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) override;

  ParseResult::Status from_client(ByteSpan payload, std::uint8_t sequence);
  ParseResult::Status from_server(ByteSpan payload, std::uint64_t length);
  ParseResult::Status greeting(ByteSpan payload);
  ParseResult::Status login(ByteSpan payload);
  void login_fields(ByteSpan payload);
  ParseResult::Status login_answer(ByteSpan payload);
  void command(ByteSpan payload);
  void answer(ByteSpan payload, std::uint64_t length);
  void first_answer(ByteSpan payload);
  void error_packet(MysqlTransaction& tx, ByteSpan payload);
  void complete_answer(bool more_results);
  MysqlTransaction& begin(std::string_view command);
  ParseResult::Status broken(Direction d);

  Phase phase_ = Phase::kGreeting;
  Answer answer_ = Answer::kNone;
  Held<MysqlTransaction> tx_;  // waits for the server
  std::uint32_t server_flags_ = 0, client_flags_ = 0;
  std::uint64_t columns_left_ = 0;
  bool file_asked_ = false;
  bool change_user_ = false;
  std::string user_, database_, version_;
};

[[nodiscard]] Probe probe_mysql(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::mysql
