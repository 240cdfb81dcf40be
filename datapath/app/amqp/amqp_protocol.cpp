// AMQP as the rest of the engine sees it.
#include <memory>

#include "datapath/app/amqp/amqp_parser.h"
#include "datapath/app/buffer_getters.h"

namespace bulkhead::app {

namespace amqp {
namespace {

using Kind = BufferDef::Kind;
using Tx = AmqpTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"amqp.method", "", "", "The method: basic.publish, queue.declare ...", Kind::kSingle, exchange::kBoth, get_sent<&Tx::method, &Tx::from_server>},
    {"amqp.exchange", "", "", "The exchange", Kind::kSingle, exchange::kBoth, get_sent<&Tx::exchange, &Tx::from_server>},
    {"amqp.routing_key", "", "", "The routing key", Kind::kSingle, exchange::kBoth, get_sent<&Tx::routing_key, &Tx::from_server>},
    {"amqp.queue", "", "", "The queue", Kind::kSingle, exchange::kBoth, get_sent<&Tx::queue, &Tx::from_server>},
    {"amqp.user", "", "", "The user of a login", Kind::kSingle, exchange::kBoth, get_sent<&Tx::user, &Tx::from_server>},
    {"amqp.vhost", "", "", "The virtual host", Kind::kSingle, exchange::kRequest, get_sent<&Tx::vhost, &Tx::from_server>},
    {"amqp.error", "", "", "The text of a refusal", Kind::kSingle, exchange::kBoth, get_sent<&Tx::error, &Tx::from_server>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/amqp/amqp_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<AmqpParser>();
}

}  // namespace
}  // namespace amqp

const Protocol& protocol_amqp() {
  static constexpr Protocol protocol{.id = AppProtocol::amqp,
                                     .rule_prefix = "amqp",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{"A", "A\x01"}},
                                     .records = {"amqp"},
                                     .probe = amqp::probe_amqp,
                                     .make = amqp::make_parser,
                                     .buffers = amqp::kBuffers,
                                     .events = amqp::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
