// MongoDB as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/mongodb/mongodb_parser.h"

namespace bulkhead::app {

namespace mongodb {
namespace {

using Kind = BufferDef::Kind;
using Tx = MongodbTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"mongodb.command", "", "", "The command: find, insert, saslStart, dropDatabase ...", Kind::kSingle, exchange::kRequest, get_text<&Tx::command>},
    {"mongodb.database", "", "", "The database", Kind::kSingle, exchange::kRequest, get_text<&Tx::database>},
    {"mongodb.collection", "", "", "The collection", Kind::kSingle, exchange::kRequest, get_text<&Tx::collection>},
    {"mongodb.user", "", "", "The user of a login", Kind::kSingle, exchange::kRequest, get_text<&Tx::user>},
    {"mongodb.operator", "", "", "One operator of the request ($where, $ne ...) after the other", Kind::kMulti, exchange::kRequest, get_list<&Tx::operators>},
    {"mongodb.error", "", "", "The text of an error", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/mongodb/mongodb_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<MongodbParser>();
}

}  // namespace
}  // namespace mongodb

const Protocol& protocol_mongodb() {
  static constexpr Protocol protocol{.id = AppProtocol::mongodb,
                                     .rule_prefix = "mongodb",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .records = {"mongodb"},
                                     .probe = mongodb::probe_mongodb,
                                     .make = mongodb::make_parser,
                                     .buffers = mongodb::kBuffers,
                                     .events = mongodb::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
