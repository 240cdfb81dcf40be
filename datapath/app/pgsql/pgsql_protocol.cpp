// PostgreSQL as the rest of the engine sees it: how it is found, its buffers and events. The keywords are of this
// project; Suricata 7 has none.
#include <array>
#include <memory>
#include <string_view>

#include "datapath/app/pgsql/pgsql_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace pgsql {
namespace {

using Kind = BufferDef::Kind;
constexpr std::array<std::uint8_t, 2> kRequest{stage::kComplete, BufferDef::kNever};

const Request& request_of(const Transaction& tx) {
  return static_cast<const PgsqlTransaction&>(tx).request;
}

bool give(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

bool get_query(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const auto& queries = request_of(tx).queries;
  return index < queries.size() && give(queries[index], out);
}
bool get_user(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Request& request = request_of(tx);
  return request.kind == RequestKind::kStartup && give(request.user, out);
}
bool get_database(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const Request& request = request_of(tx);
  return request.kind == RequestKind::kStartup && give(request.database, out);
}

constexpr BufferDef kBuffers[] = {
    {"pgsql.query", "", "", "The text of a query, simple or prepared", Kind::kMulti, kRequest, get_query},
    {"pgsql.user", "", "", "The user of a startup", Kind::kSingle, kRequest, get_user},
    {"pgsql.database", "", "", "The database of a startup", Kind::kSingle, kRequest, get_database},
};
constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/pgsql/pgsql_events.def"
#undef X
};

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<PgsqlParser>(settings);
}

}  // namespace
}  // namespace pgsql

const Protocol& protocol_pgsql() {
  static constexpr Protocol protocol{.id = AppProtocol::pgsql,
                                     .rule_prefix = "pgsql",
                                     .over_tcp = true,
                                     .complete = {pgsql::stage::kComplete, pgsql::stage::kComplete},
                                     .records = {"pgsql"},
                                     .probe = pgsql::probe_pgsql,
                                     .make = pgsql::make_parser,
                                     .buffers = pgsql::kBuffers,
                                     .events = pgsql::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
