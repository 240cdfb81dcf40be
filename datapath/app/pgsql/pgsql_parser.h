// The PostgreSQL protocol, version 3 (manual, "Frontend/Backend Protocol").
//
//   startup   length 4 | code 4 | parameters            all else   type 1 | length 4 | content
//
// A request opens a transaction; the answers go to the oldest open one: authentication ends with the server's next
// question or ReadyForQuery, everything else with ReadyForQuery. Parse, Bind and their like are one up to Sync.
//
// Thread   the worker owning the flow.
// Limits   PgsqlSettings: of a longer message the start is read; rows and copied data are counted and not kept.
// Errors   PgsqlEvent on the transaction; a length that cannot be ends the parsing.
// Tests    tests/unit/datapath/app/pgsql/pgsql_parser_test.cpp, tests/fuzz/fuzz_pgsql.cpp, tests/golden/pgsql/
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/pgsql/pgsql_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::pgsql {

class PgsqlParser final : public AppParser {
 public:
  explicit PgsqlParser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Step : std::uint8_t { kTaken, kMore, kBad, kEncrypted };
  struct Taken {
    Step step = Step::kTaken;
    std::size_t bytes = 0;
    std::uint64_t skip = 0;  // bytes behind them that nobody needs
  };
  Taken client_message(ByteSpan data);
  Taken server_message(ByteSpan data);
  Taken startup(ByteSpan data);
  // The part of a typed message that is looked at; `whole` false: there is more that is skipped.
  [[nodiscard]] Taken frame(ByteSpan data, bool keep, ByteSpan& content, std::uint32_t& length) const;
  bool request(char type, ByteSpan content, std::uint32_t length);
  bool response(char type, ByteSpan content, std::uint32_t length);
  void authentication(PgsqlTransaction& tx, ByteSpan content);
  void error(ByteSpan content);
  void password(ByteSpan content);
  void query(ByteSpan content, bool cut);
  void extended(char type, ByteSpan content);

  PgsqlTransaction& open(RequestKind kind);
  void malformed(Direction d);
  [[nodiscard]] PgsqlTransaction* oldest() const;  // whose answer is not complete; null: none
  PgsqlTransaction& answered();                    // the same, or one made up for an answer without a question
  [[nodiscard]] PgsqlTransaction* batch() const;   // extended messages that no Sync has ended
  std::string keep(PgsqlTransaction& tx, std::string_view text);

  const PgsqlSettings& settings_;
  std::array<std::uint64_t, 2> skip_{};
  std::array<bool, 2> lost_{};  // after a gap: where messages begin is not known any more
  bool started_ = false;        // no startup message can follow
  std::uint32_t asked_ = 0;     // the last code of an Authentication message
  bool client_seen_ = false;
};

[[nodiscard]] Probe probe_pgsql(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::pgsql
