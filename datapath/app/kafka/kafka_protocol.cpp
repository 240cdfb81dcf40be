// Kafka as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/kafka/kafka_parser.h"

namespace bulkhead::app {

namespace kafka {
namespace {

using Kind = BufferDef::Kind;
using Tx = KafkaTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"kafka.api", "", "", "The request: produce, fetch, metadata, create_topics ...", Kind::kSingle, exchange::kRequest, get_text<&Tx::api>},
    {"kafka.client_id", "", "", "What the client calls itself", Kind::kSingle, exchange::kRequest, get_text<&Tx::client_id>},
    {"kafka.topic", "", "", "One topic of the request after the other", Kind::kMulti, exchange::kRequest, get_list<&Tx::topics>},
    {"kafka.group", "", "", "The consumer group", Kind::kSingle, exchange::kRequest, get_text<&Tx::group>},
    {"kafka.user", "", "", "The user of a SASL login", Kind::kSingle, exchange::kRequest, get_text<&Tx::user>},
    {"kafka.error", "", "", "The text of a refused login", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/kafka/kafka_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<KafkaParser>();
}

}  // namespace
}  // namespace kafka

const Protocol& protocol_kafka() {
  static constexpr Protocol protocol{.id = AppProtocol::kafka,
                                     .rule_prefix = "kafka",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{std::string_view("\0", 1), ""}},
                                     .records = {"kafka"},
                                     .probe = kafka::probe_kafka,
                                     .make = kafka::make_parser,
                                     .buffers = kafka::kBuffers,
                                     .events = kafka::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
