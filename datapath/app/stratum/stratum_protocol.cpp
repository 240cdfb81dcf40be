// Stratum as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/exchange_parser.h"
#include "datapath/app/stratum/stratum_parser.h"

namespace bulkhead::app {

namespace stratum {
namespace {

using Kind = BufferDef::Kind;
using Tx = StratumTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"stratum.method", "", "", "The method: mining.authorize, login, submit, job ...", Kind::kSingle, exchange::kBoth, get_sent<&Tx::method, &Tx::from_pool>},
    {"stratum.worker", "", "", "Wallet, account or worker", Kind::kSingle, exchange::kRequest, get_text<&Tx::worker>},
    {"stratum.agent", "", "", "The miner's name and version", Kind::kSingle, exchange::kRequest, get_text<&Tx::agent>},
    {"stratum.error", "", "", "The text of a refusal", Kind::kSingle, exchange::kAnswer, get_text<&Tx::error>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/stratum/stratum_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<StratumParser>();
}

}  // namespace
}  // namespace stratum

const Protocol& protocol_stratum() {
  static constexpr Protocol protocol{.id = AppProtocol::stratum,
                                     .rule_prefix = "stratum",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{"{", "{"}},
                                     .records = {"stratum"},
                                     .probe = stratum::probe_stratum,
                                     .make = stratum::make_parser,
                                     .buffers = stratum::kBuffers,
                                     .events = stratum::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
