// NATS as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/exchange_parser.h"
#include "datapath/app/nats/nats_parser.h"

namespace bulkhead::app {

namespace nats {
namespace {

using Kind = BufferDef::Kind;
using Tx = NatsTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"nats.command", "", "", "The message's kind: CONNECT, PUB, SUB, MSG ...", Kind::kSingle, exchange::kBoth, get_sent<&Tx::command, &Tx::from_server>},
    {"nats.subject", "", "", "The subject", Kind::kSingle, exchange::kBoth, get_sent<&Tx::subject, &Tx::from_server>},
    {"nats.user", "", "", "The user or key of CONNECT", Kind::kSingle, exchange::kRequest, get_text<&Tx::user>},
    {"nats.error", "", "", "The text of an error", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/nats/nats_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<NatsParser>();
}

}  // namespace
}  // namespace nats

const Protocol& protocol_nats() {
  static constexpr Protocol protocol{.id = AppProtocol::nats,
                                     .rule_prefix = "nats",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{"CPS", "I"}},
                                     .records = {"nats"},
                                     .probe = nats::probe_nats,
                                     .make = nats::make_parser,
                                     .buffers = nats::kBuffers,
                                     .events = nats::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
