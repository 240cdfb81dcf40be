// One exchange of PostgreSQL: a startup, an authentication message, a query or a batch up to Sync, and the answer to
// it.
//
// Progress   1 in each direction: nothing more will come.
// Limits     PgsqlSettings; kMaxQueries, kMaxParameters, kMaxNotices.
// Tests      tests/unit/datapath/app/pgsql/pgsql_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/pgsql/pgsql_settings.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::pgsql {

enum class PgsqlEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/pgsql/pgsql_events.def"
#undef X
  kCount
};

namespace stage {
inline constexpr std::uint8_t kComplete = 1;
}

inline constexpr std::size_t kMaxQueries = 64, kMaxParameters = 64, kMaxNotices = 8, kMaxFields = 24;

enum class RequestKind : std::uint8_t {
  kNone,  // an answer without a question
  kSsl,
  kGss,
  kStartup,
  kCancel,
  kPassword,
  kSaslInitial,
  kSaslResponse,
  kGssResponse,
  kQuery,
  kExtended,  // Parse, Bind, Describe, Execute ... Sync
  kFunctionCall,
  kTerminate
};

using NameAndValue = std::pair<std::string, std::string>;
// Fields of an ErrorResponse or NoticeResponse, by the byte that names them.
using ErrorFields = std::vector<std::pair<char, std::string>>;

struct Request {
  RequestKind kind = RequestKind::kNone;
  std::uint16_t major = 0, minor = 0;  // startup
  std::string user, database;
  std::vector<NameAndValue> parameters;                 // all but the user, in order
  std::uint32_t process_id = 0, secret_key = 0;         // cancel
  std::string text;                                     // password, SASL data
  std::string mechanism;                                // SASL
  std::vector<std::string> queries;                     // one, or those of Parse
  std::uint32_t executions = 0;                         // Execute
  std::uint64_t copied_messages = 0, copied_bytes = 0;  // CopyData
  std::string copy_failure;                             // CopyFail
};

struct Response {
  std::optional<bool> ssl_accepted;
  std::optional<std::uint32_t> authentication;  // the last code
  std::string md5_salt, sasl_final;
  std::vector<NameAndValue> parameters;                        // ParameterStatus
  std::optional<std::pair<std::uint32_t, std::uint32_t>> key;  // process, secret
  std::optional<std::uint16_t> field_count;
  std::uint64_t rows = 0, row_bytes = 0;
  std::string command;  // CommandComplete
  std::optional<std::uint16_t> copy_columns;
  std::uint64_t copied_messages = 0, copied_bytes = 0;
  ErrorFields error;
  std::vector<ErrorFields> notices;
  [[nodiscard]] bool empty() const;
};

class PgsqlTransaction final : public Transaction {
 public:
  Request request;
  Response response;
  std::size_t kept = 0;  // bytes of text that it holds

  void note(PgsqlEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void finish(Direction d) { advance(d, stage::kComplete); }
  [[nodiscard]] bool finished(Direction d) const { return progress[bulkhead::index_of(d)] >= stage::kComplete; }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::pgsql
