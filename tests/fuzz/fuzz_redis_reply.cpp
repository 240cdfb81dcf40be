// Answers of Redis out of arbitrary bytes: what is read has a size within them, and a piece of it is never more than
// "more".
#include <algorithm>
#include <string_view>

#include "datapath/base/check.h"
#include "datapath/output/redis_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead::output;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const RedisReply reply = read_redis_reply(rest);
    if (reply.answer == RedisAnswer::kMore || reply.answer == RedisAnswer::kBad) break;
    BULKHEAD_CHECK(reply.size != 0 && reply.size <= rest.size());
    BULKHEAD_CHECK(reply.error.empty() == (reply.answer == RedisAnswer::kTaken));
    const RedisReply cut = read_redis_reply(rest.substr(0, reply.size - 1));
    BULKHEAD_CHECK(cut.answer == RedisAnswer::kMore || cut.answer == RedisAnswer::kBad);
    rest.remove_prefix(reply.size);
  }
  return 0;
}
