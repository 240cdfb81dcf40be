// MySQL as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/mysql/mysql_parser.h"

namespace bulkhead::app {

namespace mysql {
namespace {

using Kind = BufferDef::Kind;
using Tx = MysqlTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"mysql.command", "", "", "The command by name: login, query, stmt_prepare ...", Kind::kSingle, exchange::kRequest, get_text<&Tx::command>},
    {"mysql.query", "", "", "The SQL text of a query or statement", Kind::kSingle, exchange::kRequest, get_text<&Tx::query>},
    {"mysql.user", "", "", "The user who is logged in or wants to be", Kind::kSingle, exchange::kRequest, get_text<&Tx::user>},
    {"mysql.database", "", "", "The database in use", Kind::kSingle, exchange::kRequest, get_text<&Tx::database>},
    {"mysql.version", "", "", "The server's version, in the login", Kind::kSingle, exchange::kAnswer, get_text<&Tx::version>},
    {"mysql.error", "", "", "The text of an error", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
    {"mysql.infile", "", "", "The local file that the server asks the client for", Kind::kSingle, exchange::kAnswer, get_text<&Tx::infile>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/mysql/mysql_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<MysqlParser>();
}

}  // namespace
}  // namespace mysql

const Protocol& protocol_mysql() {
  static constexpr Protocol protocol{.id = AppProtocol::mysql,
                                     .rule_prefix = "mysql",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .records = {"mysql"},
                                     .probe = mysql::probe_mysql,
                                     .make = mysql::make_parser,
                                     .buffers = mysql::kBuffers,
                                     .events = mysql::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
