// memcached as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/exchange_parser.h"
#include "datapath/app/memcached/memcached_parser.h"

namespace bulkhead::app {

namespace memcached {
namespace {

using Kind = BufferDef::Kind;
using Tx = MemcachedTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"memcached.command", "", "", "The command: get, set, stats, sasl_auth ...", Kind::kSingle, exchange::kRequest, get_text<&Tx::command>},
    {"memcached.key", "", "", "One key of the command after the other", Kind::kMulti, exchange::kRequest, get_list<&Tx::keys>},
    {"memcached.user", "", "", "The user of a SASL login", Kind::kSingle, exchange::kRequest, get_text<&Tx::user>},
    {"memcached.error", "", "", "The text of an error", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/memcached/memcached_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<MemcachedParser>();
}

}  // namespace
}  // namespace memcached

const Protocol& protocol_memcached() {
  static constexpr Protocol protocol{.id = AppProtocol::memcached,
                                     .rule_prefix = "memcached",
                                     .over_tcp = true,
                                     .over_udp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .records = {"memcached"},
                                     .probe = memcached::probe_memcached,
                                     .make = memcached::make_parser,
                                     .buffers = memcached::kBuffers,
                                     .events = memcached::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
