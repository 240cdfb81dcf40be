// Redis as the rest of the engine sees it.
#include <cstdint>
#include <memory>
#include <string_view>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/exchange_parser.h"
#include "datapath/app/redis/redis_parser.h"

namespace bulkhead::app {

namespace redis {
namespace {

using Kind = BufferDef::Kind;

bool get_error(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const std::string_view text = static_cast<RedisTransaction&>(tx).error();
  show(text, out);
  return !text.empty();
}

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"redis.command", "", "", "The command, upper case", Kind::kSingle, exchange::kRequest, get_text<&RedisTransaction::command>},
    {"redis.argument", "", "", "One argument of the command after the other", Kind::kMulti, exchange::kRequest, get_list<&RedisTransaction::arguments>},
    {"redis.error", "", "", "The text of an error reply", Kind::kSingle, exchange::kAnswer, get_error},
    {"redis.reply", "", "", "The reply: a line or a bulk, cut at 1 KB", Kind::kSingle, exchange::kAnswer, get_text<&RedisTransaction::reply>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/redis/redis_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<RedisParser>();
}

}  // namespace
}  // namespace redis

const Protocol& protocol_redis() {
  static constexpr Protocol protocol{.id = AppProtocol::redis,
                                     .rule_prefix = "redis",
                                     .over_tcp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{"*ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "+-$"}},
                                     .records = {"redis"},
                                     .probe = redis::probe_redis,
                                     .make = redis::make_parser,
                                     .buffers = redis::kBuffers,
                                     .events = redis::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
